import type { Hold, Piece } from '../append/ledger'
import type { Resource } from '../associations/association'
import type { Content } from '../contents/content'
import type { Refusal } from '../errors'
import type { FileBase, FileOrigin, FileRecord } from '../files/file-record'
import type { MetadataTerm } from '../files/metadata'
import type { Grant } from '../grants/grant'
import type { EarlyClaim, FileReply, IdempotencyClaim, IdempotencyRecord } from '../idempotency/idempotency'
import type { FileKey, ObjectKey, Sha256 } from '../ids'
import type { Upload } from '../uploads/upload'
import type { DueObject } from './deletion-repository'

/** A file and the upload that is to bring its bytes. */
export type UploadIntent<U = Upload> = { file: FileBase; upload: U }

/** One that is to be written down; `terms` are what filters find the file by once it has its bytes. */
export type NewUploadIntent<U = Upload> = UploadIntent<U> & {
  terms: readonly MetadataTerm[]
  /** Under which it is to be begun; left out or null: none. */
  grant?: Grant | null
  /**
   * What an upload of unknown size takes of its grant: as many bytes as there will be, or what is left, up to so many. Left
   * out: all that is left.
   */
  takes?: { exactly: number } | { atMost: number }
  /** Of an upload whose bytes are appended: by whom from the beginning; left out or null: by no request yet. */
  hold?: Hold | null
  /** What the client says of the file, as it wrote it; left out or null: nothing. */
  statement?: string | null
}

export type BeginUpload = {
  intent: NewUploadIntent
  claim: IdempotencyClaim | EarlyClaim | null
  /** Looks up the organization's content with this hash in the same round trip. */
  sha256: Sha256 | null
  /**
   * True for the presign of a single PUT: all that the client is told is known now, so this batch stores the
   * idempotency reply, unless the organization has content with `sha256`. Otherwise a later step stores it:
   * `settle`, `adopt` or `noteMultipart`.
   */
  completesReply: boolean
  /** How many uploads the organization may have pending, this one among them. */
  pendingUploadsMax: number
  /** How many files the organization may have, this one among them. */
  filesMax: number
  now: number
}

export type BegunUpload =
  | { outcome: 'begun'; known: Content | null }
  /**
   * Another request holds the idempotency key. Nothing was made; but if it was the same request and its
   * upload is still pending, that upload now expires when this one would have.
   */
  | {
      outcome: 'claimed'
      record: IdempotencyRecord<FileReply>
      uploadExpiresAt: number | null
      /** What the file of that request is now; null: deleted. */
      subjectStatus: FileRecord['status'] | null
    }

/** The verified bytes of an upload, which are at its `contentKey`. */
export type VerifiedBytes = {
  byteSize: number
  /** null: they have not been read. */
  sha256: Sha256 | null
  etag: string
  /** The ETag of the incoming bytes that these are a copy of; null where bytes are put where they stay. */
  sourceEtag: string | null
}

/** What is said about a file besides its bytes by a form, in which that may come after them. */
export type StreamDetails = { origin: FileOrigin; resource: Resource | null }

/** What is known of a streamed upload only at its end. */
export type StreamEnd = {
  details: StreamDetails
  /** Of the idempotency key that was claimed early; null: without a key. */
  fingerprint: Sha256 | null
}

/** An incoming key, and what it says; `piece` null: it is where all bytes are put. */
export type IncomingKey = { key: ObjectKey; file: FileKey; piece: Piece | null }

export interface UploadRepository {
  /**
   * Writes the intent and reserves its bytes; none for content that the organization has already. Throws
   * `quota_exceeded`, `too_many_uploads`, `too_many_files`, `organization_not_found`, under a grant `grant_used_up`,
   * `grant_too_large`, and `unauthenticated` when that is revoked.
   */
  begin(input: BeginUpload): Promise<BegunUpload>
  /**
   * Notes the store's name of the multipart upload, and completes the reply of a presign that waited for it.
   * False when the upload is no longer pending: then the caller has to abort that multipart upload.
   */
  noteMultipart(file: FileKey, multipartId: string): Promise<boolean>
  /**
   * Chooses which version of the incoming bytes is promoted. Until `promotionMaxMs` have passed no other can
   * be: settlers that overlap copy the same bytes, whenever their copies end. False when another one was
   * chosen, or the upload is no longer pending.
   */
  choosePromotion(file: FileKey, etag: string, now: number): Promise<boolean>
  /**
   * Gives a pending file its bytes: as new content, or, when the organization has content with that hash
   * by now, as that content, and the object is due for deletion. Does nothing when the upload is no longer
   * pending, or another version was chosen. Returns the file as it then is (null: deleted) and the keys that the
   * outbox lists now; incoming keys it never lists. With `end` the file gets its details and its association, and its
   * idempotency key the fingerprint, all at once. Throws `quota_exceeded`, `grant_too_large`.
   */
  settle(
    intent: UploadIntent,
    bytes: VerifiedBytes,
    now: number,
    end?: StreamEnd,
  ): Promise<{ file: FileRecord | null; due: ObjectKey[] }>
  /**
   * Gives a pending file content that the organization has, without any bytes having been put. Returns the
   * file as it then is; it is still `uploading` when that content is gone.
   */
  adopt(intent: UploadIntent, content: Content): Promise<FileRecord | null>
  /**
   * Ends those of the uploads that are pending, without bytes: releases what they reserved, forgets their
   * unanswered idempotency records and hands what they left to deletion, but for incoming keys. The files are
   * removed, or kept with `refusal` if one is given. The caller must have checked that it may end these files.
   * Returns what is now due for deletion: nothing of uploads that were settled first, whose bytes a file may have.
   */
  abandon(
    files: readonly FileKey[],
    refusal: { status: 'error' | 'failed'; reason: Refusal } | null,
    now: number,
  ): Promise<DueObject[]>
  /**
   * Takes the bytes away from a stored file. Returns what is now due for deletion: nothing when other files
   * have the bytes too.
   */
  revoke(file: FileKey, reason: Refusal, now: number): Promise<DueObject[]>
  /**
   * What is known of objects that the store itself tells of, of any organization: the files that their keys name, wherever
   * the bytes of these are, and which keys the outbox lists.
   */
  findByObjectKeys(
    named: readonly { key: ObjectKey; file: FileKey | null }[],
  ): Promise<{ files: FileRecord[]; listed: ObjectKey[] }>
  /**
   * Those of these incoming keys whose upload is pending and awaits them, or keeps them: a piece that is not recorded is
   * awaited for as long as the upload has not got as far as it reaches.
   */
  awaitedKeys(named: readonly IncomingKey[]): Promise<ObjectKey[]>
  /**
   * Up to `limit` files whose upload is past its expiry, oldest first. They are not returned again before
   * `nextSweepAt`: one that cannot be dealt with is never in the way of the others.
   */
  takeOverdue(now: number, limit: number, nextSweepAt: number): Promise<FileRecord[]>
}
