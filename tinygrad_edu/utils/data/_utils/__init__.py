"""What a data loader is made of: how items are fetched, joined into batches, and made by workers."""

from . import collate, fetch, worker
