export type AppendWriter = {
  /** Takes a copy of `chunk`. Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void>
  /** How many bytes the upload has with those that were written. */
  position(): number
  /** Keeps what was written, and lets other requests go on. */
  keep(): Promise<void>
  /** The same after the client has broken off: unless there are many pieces, no byte is read back for it. */
  salvage(): Promise<void>
  /**
   * There are no more bytes. Those of an upload that is put in one piece are returned; null: all are in parts now, and the
   * offset says so.
   */
  gather(): Promise<Uint8Array<ArrayBuffer> | null>
}

export type AppendWriting = {
  /** How many bytes come, if that is known. */
  announcedBytes: number | null
  /** They are the last ones. */
  isLast: boolean
  /** Nothing is kept before `keep` or `gather`. */
  isAtomic: boolean
}
