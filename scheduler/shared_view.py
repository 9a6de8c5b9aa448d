"""The catalogue as the loop sees it: answers are kept from round to round as long as nothing of their type has come."""

from refsys.chains.cached_view import CachedView
from refsys.storage.catalogue import Catalogue, Mark

_MOST_KEPT = 100_000


class SharedView:
    """Gives views of the present catalogue that share what did not change.

    Parameters
    ----------
    catalogue
        Whom they ask.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._mark: Mark | None = None
        self._view = CachedView(catalogue)

    def fresh(self) -> CachedView:
        """Return a view that knows of everything that was visible before the call; for one thread."""
        self._mark, arrived = self._catalogue.changes(self._mark)
        if arrived is None or self._view.size > _MOST_KEPT:
            self._view = CachedView(self._catalogue)
        else:
            for product_type in arrived:
                self._view.arrived(product_type)
        return self._view
