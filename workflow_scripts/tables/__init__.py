"""Tables: each module makes one table of the study, one row an observation.

A table is one file here, built as `tables/{its file name}.csv` and `.parquet`. It has

* `READS`: which collected files of all models and treebanks it is made of: `probes`,
  `interventions`, `examples`;
* `USES_REPORT`: whether it depends on the k of `neurons.report`;
* `build(frames, report) -> polars.DataFrame`: the table, from one frame for each name in READS
  and the k of `neurons.report`.

A k beyond the model's width is in no table.
"""

CONFIGURATION = ["model", "treebank", "attribute", "layer"]
