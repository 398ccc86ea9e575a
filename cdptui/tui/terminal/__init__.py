"""The terminal: driver, input decoding, screen buffer, output and clipboard.

Only this package uses private names of Textual and rich. Each of them has no public equivalent:

- `_compositor`: the update objects that Textual draws, and `render_update` of a screen. `Driver.write` gets ANSI text,
  after which the cells that differ cannot be found.
- `_display`: the method that gets those objects.
- `_background_screens`, `_context`: redraw all, also from the writer thread. A refresh renders dirty regions only.
- `_running`, `_closed`, `_batch_count`, `_sync_available`: the conditions under which Textual itself would draw.
- `_start`, `_timers`: timers that are not skipped on a busy machine; `set_timer` has no option for that.
- `_fatal_error`, `_handle_exception`, `_exception`, `_close_messages_no_wait`: end without Textual's traceback, which
  prints the values of all variables, as `panic` does, and go on after the error of a worker.
- `_disable_tooltips`, `_disable_notifications`: two widgets less before the first frame; only `run_test` takes them.
- `_driver`, `_message_queue`: the terminal driver, and how many events wait.
- `_dirty_widgets`, `_on_timer_update`: draw the effect of a key at once. Textual's own timer is up to 33 ms away.
- `_bindings`: key bindings that are known when a dialog is created, not when its class is.
- `_scroll_update`: a new size of the content without a layout of the whole screen, which takes 15 ms.
- `_vertical_scrollbar`, `_start_widget`, `_pruning`: a scroll bar of one cell in place of Textual's.
- `_styles_cache`: a cache whose entries of an earlier window size would stay.
- `_ansi_sequences`, `_keyboard_protocol`, `_character_to_key`: the names that Textual gives to keys. Its parser is not
  used: it reports unknown sequences as single keys and raises on unexpected numbers.

The driver is a subclass of the public `textual.driver.Driver` and uses no private name.
"""
