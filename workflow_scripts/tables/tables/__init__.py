"""Tables: each module makes one table of the study, one row an observation.

A table is one file here, built as `tables/{its file name}.csv` and `.parquet`. It has

* `USES`: which collected files of all models and treebanks it is made of (`probes`,
  `interventions`, `examples`, `rankings`, `neurons`, `contrasts`), or `truth`, the scores of
  rankings in compiled models; `report` where it depends on the k of `neurons.report`, `seed`
  where it draws; and `trained` where it is evidence from many configurations: compiled models,
  which were made to show something, are then left out of what it is made of;
* `build(frames, ...) -> polars.DataFrame`: the table, from one frame for each collection in `USES`,
  and `report` and `seed` where they are in it;
* `COLUMNS`, where it has any of its own: what they say, and in which unit. What several tables have
  is declared in `tables/meanings.py`.

A study has the tables whose collected files it has. A k beyond the model's width is in no table.
"""

GROUPS = ("overall", "treebank", "layer", "attribute", "model")
"""What tests over configurations are made within: all of them, and those of one treebank ..."""
