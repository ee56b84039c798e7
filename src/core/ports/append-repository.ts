import type { Hold, Ledger, Piece } from '../append/ledger'
import type { FileRecord } from '../files/file-record'
import type { FileId, FileKey, GrantId, OrganizationId } from '../ids'
import type { UploadedPart } from '../uploads/uploaded-part'

/** A file as its owner names it; with `grantId` only one that was made under that grant. */
export type OwnedFile = { organizationId: OrganizationId; id: FileId; grantId: GrantId | null }

/** A file with what is known of its bytes as they are appended. */
export type FoundAppend = {
  file: FileRecord
  /** What the client said of the file when it began; null: nothing. */
  statement: string | null
  /** null: no bytes are being appended to it. */
  ledger: Ledger | null
  /** By whom, now; null: by no request. */
  hold: Hold | null
}

/** What a request is about to append. */
export type AppendWish = {
  hold: Hold
  /** How many bytes the upload must have. */
  offset: number
  /** The length of the whole upload, if this request says it; null: it does not. */
  byteSize: number | null
  /** The name that the file gets with its first bytes; null: it keeps the one it has. */
  filename: string | null
  /** Where the bytes of the request end, if that is known before they come; null: it is not. */
  end: number | null
}

/** Bytes that are in the store, and are to be kept from now on. */
export type AppendStep = {
  /** From how many bytes to how many. */
  from: number
  to: number
  /** The parts that were put since the last step. */
  parts: readonly UploadedPart[]
  /** All pieces there are after this step. */
  pieces: readonly Piece[]
  /** There are no more bytes than these. */
  isEnd: boolean
  /** How many numbers of parts are left out. */
  partsSkipped: number
  /** Until when the request goes on; null: it is over. */
  until: number | null
}

/** Uploads whose bytes are appended: how far each has come, and which request may go on. */
export interface AppendRepository {
  /**
   * Takes the upload for one request, if it is where that expects it, no other request has it, and what is to come fits.
   * With a length this is the upload's from now on, and its bytes are reserved. Returns the file as it then is, with the
   * hold that it has; null when there is none. Throws `quota_exceeded`, `grant_too_large`.
   */
  take(file: OwnedFile, wish: AppendWish, now: number): Promise<FoundAppend | null>
  /** The file as it is. */
  find(file: OwnedFile): Promise<FoundAppend | null>
  /** Takes the upload from the request that has it, for none: what that request has not committed is not kept. */
  takeOver(file: OwnedFile): Promise<FoundAppend | null>
  /**
   * Keeps the bytes of a step: the offset moves. False, and nothing happens, when the request has not the upload any more.
   * Bytes of an upload of unknown length are reserved as they come. Throws `quota_exceeded`, `grant_too_large`.
   */
  commit(file: FileKey, token: string, step: AppendStep): Promise<boolean>
  /**
   * Prolongs the request's time. `partsSkipped`: as many numbers of parts are left out if another one takes the upload over.
   * False when the request has not the upload any more.
   */
  prolong(file: FileKey, hold: Hold, partsSkipped: number): Promise<boolean>
  /** Lets another request have the upload. `skipsPart`: this one may have left a part in the store that is not recorded. */
  release(file: FileKey, token: string, skipsPart: boolean): Promise<void>
  /** The parts that were committed, in order. */
  parts(file: FileKey): Promise<Pick<UploadedPart, 'partNumber' | 'etag'>[]>
}
