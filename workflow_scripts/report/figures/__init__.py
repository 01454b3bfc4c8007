"""Figures: each module draws one figure of the study from its tables.

A figure is one file here (`style` is what they share), drawn as `figures/{its file name}.svg`,
`.pdf` and, for the interactive form, `.json` in Vega-Lite. It has

* `USES`: the tables it is made of; a study that has them all has the figure. Written as names
  in quotes: planning reads them without running the module, which would load Altair;
* `TITLE`: its heading;
* `LEAD`: one sentence, what it is looked at for, which a newcomer understands;
* `CAPTION`: one paragraph that tells a reader who has not seen the code how to read it;
* `MISSING`: what the study lacks where the tables have nothing to show;
* `build(tables) -> Altair chart, None or a sentence`: the figure, from one frame for each name in
  USES; None where the tables have nothing to show, and a sentence where what they have could not
  say anything, however it is drawn.

A chart carries the rows that it shows as one data set, `rows`, one row an observation. Where these
are of single configurations, it has four parameters, `model`, `treebank`, `attribute` and `layer`:
the value null or `all` takes every row, another only those with that value, before anything is
averaged. A page sets them by `view.signal(name, value)`. A line or point is the mean over all
configurations left; its tooltip says of how many, and intervals are shown where it is one.
"""
