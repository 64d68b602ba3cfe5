"""The report page: of a training run (`training`), of a program and labelled items (`program`), with the same sections (`sections`)."""
