import type { PendingFile, StoredFile } from '../files/file-record'
import type { IdempotencyKey } from '../idempotency/idempotency'
import type { Sha256 } from '../ids'
import type { NewFile } from '../uploads/begin-upload'
import type { AppendUpload } from '../uploads/upload'

/** A file whose bytes are to be appended, portion by portion. */
export type NewAppend = {
  file: NewFile
  /** null: told later, at the latest with the last bytes. */
  byteSize: number | null
  /** Of all bytes, compared once they are there; null: not promised. */
  sha256: Sha256 | null
  /** What the client said of the file, as it wrote it and is told again; null: nothing. */
  statement: string | null
  idempotencyKey: IdempotencyKey | null
  /** Names the dialect's operation, for the idempotency fingerprint. */
  operation: string
}

/** The bytes of one request. */
export type Portion = {
  /** How many bytes the upload must have before these. */
  offset: number
  /** A chunk is only valid until the next one is asked for. */
  chunks: AsyncIterator<Uint8Array>
  /** How many bytes come, where the client has said so; null: that is known at their end. */
  announcedBytes: number | null
  /** How many bytes the whole upload has, if the request says so. Left out or null: it does not. */
  byteSize?: number | null
  /** The name of the file, which some clients say only with the first bytes. Left out or null: it keeps the one it has. */
  filename?: string | null
  /** These are the last bytes. Left out: they are if the upload then has its length. */
  isLast?: boolean
  /** What the client promises of these bytes: either all of them are kept or none. Left out or null: as many as come. */
  digest?: PortionDigest | null
  /** Either all of these bytes are kept or none, also without a digest. Left out: as many as come. */
  isAtomic?: boolean
  /** More bytes than the upload is to have end it for good. Left out: the upload stays at its offset. */
  endsWhenTooLong?: boolean
}

export type PortionDigest = {
  algorithm: 'md5' | 'sha1' | 'sha256'
  /** In lower-case hexadecimal. */
  expected: string
}

/** How an upload stands whose bytes are appended. */
export type Progress =
  | {
      status: 'uploading'
      file: PendingFile & { upload: AppendUpload }
      /** As `NewAppend` has it. */
      statement: string | null
    }
  | {
      status: 'ready'
      file: StoredFile
      statement: string | null
    }
