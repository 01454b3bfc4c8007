"""Tables: each module makes one table of the study, one row an observation.

A table is one file here, built as `tables/{its file name}.csv` and `.parquet`. It has

* `READS`: which collected files of all models and treebanks it is made of: `probes`,
  `interventions`, `examples`, `rankings`, `contrasts`;
* `USES_REPORT`: whether it depends on the k of `neurons.report`;
* `USES_SEED`: whether it draws;
* `build(frames, report) -> polars.DataFrame`: the table, from one frame for each name in READS
  and the k of `neurons.report`; where it draws `build(frames, report, seed)`.

A study has the tables whose collected files it has. A k beyond the model's width is in no table.
"""

GROUPS = ("overall", "treebank", "layer", "attribute", "model")
"""What tests over configurations are made within: all of them, and those of one treebank ..."""
