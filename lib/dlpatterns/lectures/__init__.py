"""One module a lecture: the rows, the drawings and the studies that this lecture alone
needs.

What a second lecture could use lives in a room below; `from dlpatterns.lectures import
history as lecture`. `front` and `window` are what the book's first page says and shows.
"""
