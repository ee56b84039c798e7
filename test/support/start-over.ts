/** Workers over every kind of store that the gateway may meet. */

import { env } from 'cloudflare:workers'
import { inject } from 'vitest'
import { directUpload } from './direct-upload'
import { createS3OverBucket, type S3Operation, type S3OverBucket } from './s3-over-bucket'
import { answerStoreRequests, type StoreHook } from './store-requests'
import { uploads } from './uploads'
import { type Bindings, startWorker, type TestWorker } from './worker'

/** How the gateway reaches its store, and what that store can do. */
export type StoreKind = {
  name: string
  /** There is an R2 binding beside the S3 endpoint. */
  hasBinding: boolean
  /** It answers ListParts and ListMultipartUploads; otherwise 501. */
  lists: boolean
  /** It can be made to verify that no copy source is sent with a presigned PUT. */
  sealsCopySource: boolean
  /** Left out: an S3 store of no vendor that the gateway knows. */
  endpoint?: string
  /** CopyObject does not look at `x-amz-copy-source-if-match`, as in Ceph. */
  ignoresCopyCondition?: boolean
}

export const r2: StoreKind = {
  name: 'R2 with its binding',
  hasBinding: true,
  lists: true,
  sealsCopySource: true,
}
export const s3: StoreKind = { ...r2, name: 'an S3 store', hasBinding: false }

export const listingStores: readonly StoreKind[] = [r2, s3]
export const muteStores: readonly StoreKind[] = [
  { ...r2, name: 'R2 with its binding, that cannot list parts', lists: false },
  { ...s3, name: 'an S3 store that cannot list parts', lists: false },
]
export const stores: readonly StoreKind[] = [...listingStores, ...muteStores]

/** With and without a binding, each with the copy source sealed and not. */
export const sealingStores: readonly StoreKind[] = [r2, s3].flatMap((store) =>
  [true, false].map((sealsCopySource) => ({
    ...store,
    name: `${store.hasBinding ? 'an R2 binding' : 'S3 alone'}, copy source ${sealsCopySource ? '' : 'not '}sealed`,
    sealsCopySource,
  })),
)

/**
 * A Worker over `store`, which its clients reach through the S3 endpoint, a key of the organization `acme`, and a look
 * into the store itself. `hook` decides about each request to the endpoint.
 */
export async function startOver(store: StoreKind, bindings: Bindings = {}, hook?: StoreHook) {
  const s3 = createS3OverBucket(env.BUCKET, { listsParts: store.lists })
  /** What the gateway and its clients asked of the S3 endpoint, in order. */
  const asked: S3Operation[] = []
  answerStoreRequests(store.ignoresCopyCondition ? withoutCopyCondition(s3) : s3, {
    ...(store.endpoint ? { origin: store.endpoint } : {}),
    hook(name, call) {
      asked.push(name)
      return hook ? hook(name, call) : call()
    },
  })
  /** Another isolate over the same storage. */
  const start = (more: Bindings = {}) => startWorkerOver(store, { ...bindings, ...more })
  const worker = start()
  const token = await worker.organization()
  return {
    worker,
    token,
    start,
    asked,
    api: uploads(worker, token),
    /** The multipart uploads that the store has not ended, whether it would list them to others or not. */
    multiparts: () => s3.openMultiparts().map(({ id }) => id),
  }
}

/** One more Worker over the same store. */
export function startWorkerOver(
  { hasBinding, sealsCopySource, endpoint }: StoreKind,
  bindings: Bindings = {},
): TestWorker {
  return startWorker({
    ...(hasBinding ? {} : { BUCKET: undefined }),
    ...(endpoint ? { S3_ENDPOINT: endpoint } : {}),
    S3_SEAL_COPY_SOURCE: String(sealsCopySource),
    ...bindings,
  })
}

function withoutCopyCondition(s3: S3OverBucket): S3OverBucket {
  return {
    ...s3,
    fetch(request) {
      const headers = new Headers(request.headers)
      headers.delete('x-amz-copy-source-if-match')
      return s3.fetch(new Request(request, { headers }))
    },
  }
}

/** Bindings for wrangler's S3 endpoint, which verifies signatures. */
export function endpointBindings() {
  const s3 = inject('s3')
  return {
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    S3_SEAL_COPY_SOURCE: 'auto',
  }
}

/** A Worker without an R2 binding over that endpoint: everything goes through it, as with AWS. */
export async function startOverEndpoint(more: Bindings = {}) {
  const worker = startWorker({ BUCKET: undefined, ...endpointBindings(), ...more })
  const token = await worker.organization()
  return { worker, token, api: directUpload(worker, token) }
}
