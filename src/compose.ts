import { type Config, readConfig } from './config'
import { createSignedIds } from './core/files/signed-id'
import type { Gateway, LogEvent, StoreFacts } from './core/gateway'
import { createGrantTokens } from './core/grants/grant-token'
import { createReplySealer } from './core/idempotency/reply-sealer'
import { sha256OfText, uuidV7 } from './core/ids'
import { createApiKeyTokens } from './core/organizations/api-key-token'
import type { Credentials } from './core/organizations/authenticate'
import { noRefusedCredentials } from './core/organizations/refused-credentials'
import type { GuardedGateway, Unverified } from './core/organizations/unverified'
import { noPublicCopies, type PublicCopies } from './core/ports/public-copies'
import { guardDatabase } from './database/guarded-database'
import { createRepositories } from './database/repositories'
import { detectWithFileType } from './detection/file-type-detector'
import { writeLog } from './log'
import { createR2MultipartStore } from './storage/r2/r2-multipart-store'
import { createR2ObjectStore } from './storage/r2/r2-object-store'
import { createCopySourceSeal } from './storage/s3/copy-source-seal'
import { createS3Client } from './storage/s3/s3-client'
import { createS3Keys } from './storage/s3/s3-keys'
import { createS3MultipartStore } from './storage/s3/s3-multipart-store'
import { createS3ObjectStore } from './storage/s3/s3-object-store'
import { createS3Presigner } from './storage/s3/s3-presigner'
import { createJwtVerifier } from './tokens/jwt-verifier'

/** The parts of an isolate: made at its first request, kept for all of them. */
export type Composition = {
  config: Config
  credentials: Credentials
  rateLimiter: RateLimit | null
  /** The gateway for one request or job: `background` work belongs to it, its log lines carry `tags`. */
  gatewayFor(
    waitUntil: (work: Promise<unknown>) => void,
    tags: Record<string, unknown>,
    publicCopies?: PublicCopies,
  ): Gateway
  /** The same gateway for a request with a credential that the database has still to be asked about. */
  guardGateway(gateway: Gateway, credential: Unverified): GuardedGateway
}

const compositions = new WeakMap<Env, Composition>()

/**
 * The composition for `env`. Rejects with `ConfigError` when a variable is wrong. The only place where
 * adapters are chosen: with an R2 binding bytes move through it, and the S3 endpoint only presigns, copies
 * inside the bucket and keeps clients' multipart uploads; without one everything goes through the S3 endpoint.
 */
export async function compose(env: Env): Promise<Composition> {
  const composition = compositions.get(env) ?? (await build(env))
  compositions.set(env, composition)
  return composition
}

async function build(env: Env): Promise<Composition> {
  const config = readConfig(env)
  const bucket: R2Bucket | undefined = env.BUCKET
  const rateLimiter: RateLimit | undefined = env.RATE_LIMITER
  const client = createS3Client(config.s3)
  const s3Store = createS3ObjectStore(client)
  const s3Multipart = createS3MultipartStore(client)
  const now = () => Date.now()
  const logSeal = (sealed: boolean) => writeLog({ event: 'copy_source_seal', sealed })
  const { sealCopySource, jwt } = config
  const sealsCopySource =
    sealCopySource === 'auto' ? createCopySourceSeal(client, now, logSeal) : async () => sealCopySource
  const service = bucket ? ('r2' as const) : serviceOf(config.s3.endpoint)
  const shared = {
    ...createRepositories(env.DB),
    objects: bucket ? createR2ObjectStore(bucket, s3Store) : s3Store,
    clientMultipart: s3Multipart,
    workerMultipart: bucket ? createR2MultipartStore(bucket) : s3Multipart,
    presigner: createS3Presigner(client, { now, sealsCopySource }),
    storeKeys: createS3Keys(client, now),
    detectContentType: detectWithFileType,
    replySealer: createReplySealer(config.signingSecrets),
    limits: config.limits,
    store: {
      service,
      hasR2Binding: bucket !== undefined,
      supportsIfNoneMatch: config.writeOnce,
      honoursCopyIfMatch: config.copyIfMatch === 'auto' ? service !== 's3' : config.copyIfMatch,
      allowsSurplusParts: service !== 's3',
      allowsPartUrls: config.multipartUrls,
      // AWS refuses x-amz-* headers that are not signed.
      enforcesWriteOnce: service === 'amazon' ? async () => true : sealsCopySource,
    },
    signedIds: createSignedIds(config.signingSecrets),
    apiKeyTokens: createApiKeyTokens(config.signingSecrets),
    grantTokens: createGrantTokens(config.signingSecrets),
    now,
    sleep: (ms: number) => scheduler.wait(ms),
    newId: () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(16))),
    randomBytes: (byteCount: number) => crypto.getRandomValues(new Uint8Array(byteCount)),
  }
  return {
    config,
    credentials: {
      rootKeySha256: await sha256OfText(config.rootApiKey),
      verified: new Map(),
      refused: noRefusedCredentials(),
      tokens: jwt && {
        verifier: createJwtVerifier(jwt.provider, now),
        reading: jwt.reading,
      },
    },
    rateLimiter: rateLimiter ?? null,
    gatewayFor: (waitUntil, tags, publicCopies = noPublicCopies) => ({
      ...shared,
      publicCopies,
      log: (event: LogEvent) => writeLog({ ...tags, ...event }),
      background: waitUntil,
    }),
    guardGateway(gateway, credential) {
      const { db, confirm } = guardDatabase(env.DB, credential)
      return { gateway: { ...gateway, ...createRepositories(db) }, confirm }
    },
  }
}

function serviceOf(endpoint: string): StoreFacts['service'] {
  const { hostname } = new URL(endpoint)
  if (hostname.endsWith('.r2.cloudflarestorage.com')) return 'r2'
  return /\.amazonaws\.com(\.cn)?$/.test(hostname) ? 'amazon' : 's3'
}
