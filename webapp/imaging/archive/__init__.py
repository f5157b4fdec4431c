"""The image archive: patients, studies, series and instances, and the files that hold them."""
