"""A product's folder while it is written: its name holds the CRC of its manifest, so it gets it last."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from refsys.chains.sentinel1.safe.naming import ProductIdentity

_UNNAMED = "unnamed.SAFE"


@contextmanager
def draft_folder(folder: Path) -> Iterator[Path]:
    """Make a folder for a product below another; if writing fails, nothing is left of it."""
    draft = folder / _UNNAMED
    draft.mkdir()
    try:
        yield draft
    except BaseException:
        shutil.rmtree(draft)
        raise


def named(draft: Path, identity: ProductIdentity, manifest: Path) -> str:
    """Give a complete draft the name of its product and return it.

    Raises
    ------
    FileExistsError
        If the product is there already.
    NameInvalid
        If the identity makes no name.
    """
    name = identity.product_name(manifest)
    if (draft.parent / name).exists():
        raise FileExistsError(f"{draft.parent / name} is there already")
    draft.rename(draft.parent / name)
    return name
