// What an element of the page carries: JSON, gzipped, in base64.

const find = (selector) => document.querySelector(selector);

async function carried(selector) {
  const bytes = Uint8Array.from(atob(find(selector).textContent), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).json();
}
