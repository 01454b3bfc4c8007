"""The report: what a study found, on one page that opens offline.

* `findings`: sentences computed from the tables;
* `page`: the page from findings, figures, tables and what was run; `page.html`, `page.css` and
  `page.js` are its parts as a browser knows them;
* `neurons`: the page's section on single neurons, with parts of its own.

Nothing here measures anything: every number stands in a table.
"""
