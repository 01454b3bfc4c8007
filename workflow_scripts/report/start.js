// What comes last: the state of the address, and everything drawn by it.

restore();
for (const listener of listeners) listener();
await drawAll();
changed();
document.documentElement.dataset.ready = "yes";
