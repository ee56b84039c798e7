/** Whether the database keeps `text` as it is: SQLite ends a text at NUL, and UTF-8 cannot say half a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}
