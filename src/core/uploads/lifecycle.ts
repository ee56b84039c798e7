import type { FileRecord } from '../files/file-record'
import type { FileRepository } from '../ports/repositories'
import type { UploadRepository } from '../ports/upload-repository'

/** A step in the life of a file: from null it is created, to null it is deleted. */
export type Transition = {
  from: FileRecord['status'] | null
  to: FileRecord['status'] | null
  /** What has happened. */
  when: string
  /** The use cases that make it. */
  by: readonly string[]
  /** The method whose batch it is. */
  method: `uploads.${keyof UploadRepository}` | `files.${keyof FileRepository}`
}

/**
 * The life of a file. The database refuses every other change (`file_transitions` in migrations/0001_schema.sql).
 *
 * Beside the file there is its upload, which is pending for as long as the file is `uploading`. What ends the file's waiting
 * removes the upload in the same batch. A URL may live on: what it still puts is found by its key, which says the file.
 *
 * Several actors may end one upload at the same time: the client that completes or aborts it, a client that reads the
 * file, the store's event, the sweep, a request that takes over an idempotency key, a client that deletes the file. No
 * lock is taken. Each of these batches is a transaction, and each of its statements asks whether the upload is still
 * pending; the statement that ends it comes after all others that ask. So the first batch decides, and the others
 * change nothing: their callers read the file and answer what it has become. For the same reason a batch may be run
 * again after an answer was lost.
 *
 * What is done outside the database comes before the step that relies on it, or after the step that allows it. Bytes
 * are verified, and are at the key where they stay, before `settle`: what two settlers copy there at the same time is
 * the one version that `choosePromotion` has chosen, so that it does not matter whose copy ends last. Objects are
 * deleted after the batch that lets go of them, which lists them in the outbox (incoming keys are found in the bucket
 * instead): a Worker that dies between the two leaves work for the sweep, and nothing is lost or left over.
 */
export const transitions: readonly Transition[] = [
  {
    from: null,
    to: 'uploading',
    when: 'bytes are promised, and reserved',
    by: ['beginUpload', 'uploadStream'],
    method: 'uploads.begin',
  },
  {
    from: 'uploading',
    to: 'ready',
    when: 'the bytes are there and are what was promised',
    by: ['settleUpload', 'finishAppend', 'uploadBytes', 'uploadStream'],
    method: 'uploads.settle',
  },
  {
    from: 'uploading',
    to: 'ready',
    when: 'the organization has the bytes already',
    by: ['createUpload', 'uploadBytes'],
    method: 'uploads.adopt',
  },
  {
    from: 'uploading',
    to: 'error',
    when: 'bytes came and are not what was promised',
    by: ['settleUpload', 'finishAppend', 'appendBytes', 'settleEvent'],
    method: 'uploads.abandon',
  },
  {
    from: 'uploading',
    to: 'failed',
    when: 'the client gave the upload up, or nothing came in time',
    by: ['abortUpload', 'sweep'],
    method: 'uploads.abandon',
  },
  {
    from: 'ready',
    to: 'error',
    when: 'the store says that the bytes were copied, not sent',
    by: ['settleEvent'],
    method: 'uploads.revoke',
  },
  {
    from: 'uploading',
    to: null,
    when: 'the request failed before the client was told of the file',
    by: ['beginUpload', 'createUpload', 'uploadBytes', 'uploadStream', 'sweep'],
    method: 'uploads.abandon',
  },
  ...(['uploading', 'ready', 'error', 'failed'] as const).map(
    (from) =>
      ({
        from,
        to: null,
        when: 'the client deletes the file',
        by: ['deleteFile'],
        method: 'files.delete',
      }) as const,
  ),
]
