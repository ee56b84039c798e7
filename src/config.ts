import { type JwtConfig, type JwtVariables, readJwt } from './config-jwt'
import { type LimitVariables, readLimits } from './config-limits'
import type { Limits } from './core/gateway'
import type { SigningSecrets } from './core/mac'
import { isOriginPattern, originPatternsInWords } from './http/origins'
import type { S3Configuration } from './storage/s3/s3-client'

/** What the operator decided. Every field is named in `wrangler.toml` or is a secret. */
export type Config = {
  rootApiKey: string
  /** The current one; and the one before it, for as long as what was made under it is to be accepted. */
  signingSecrets: SigningSecrets
  s3: S3Configuration
  /** `auto`: ask the store. */
  sealCopySource: boolean | 'auto'
  /** Whether CopyObject heeds the ETag its source must have; `auto`: where that is known. */
  copyIfMatch: boolean | 'auto'
  /** Whether presigned PUTs with a header map are sealed with `if-none-match: *`. */
  writeOnce: boolean
  /** Whether clients may upload in parts. */
  multipartUrls: boolean
  limits: Limits
  /** As `isOriginPattern` has them. */
  cors: { origins: readonly string[] }
  quantcdnExtraContentTypes: readonly string[]
  /** null: no identity provider's tokens are taken. */
  jwt: JwtConfig | null
  /** Where clients reach the gateway, as an origin; null: where a request says it was sent to. */
  gatewayUrl: string | null
  /** Where the bucket is public, without a trailing slash; null: nowhere. */
  publicBaseUrl: string | null
  cuadraExtraContentTypes: readonly string[]
  /** The share of requests that are logged, from 0 to 1; those answered with 500 or more always are. */
  logRequestsShare: number
}

/** A variable that is missing or wrong. The message names it and never repeats a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** What the Worker is given as strings. Optional ones may be left out of `wrangler.toml`. */
export type Variables = JwtVariables &
  LimitVariables & {
    ROOT_API_KEY?: string
    SIGNING_SECRET?: string
    SIGNING_SECRET_PREVIOUS?: string
    S3_ENDPOINT?: string
    S3_REGION?: string
    S3_BUCKET?: string
    S3_ACCESS_KEY_ID?: string
    S3_SECRET_ACCESS_KEY?: string
    S3_UPLOAD_ACCESS_KEY_ID?: string
    S3_UPLOAD_SECRET_ACCESS_KEY?: string
    S3_SEAL_COPY_SOURCE?: string
    S3_COPY_IF_MATCH?: string
    S3_WRITE_ONCE?: string
    S3_MULTIPART_URLS?: string
    CORS_ALLOWED_ORIGINS?: string
    QUANTCDN_EXTRA_CONTENT_TYPES?: string
    GATEWAY_URL?: string
    PUBLIC_BASE_URL?: string
    CUADRA_EXTRA_CONTENT_TYPES?: string
    LOG_REQUESTS_SHARE?: string
  }

type Name = keyof Variables

/** Checks every variable once. Throws `ConfigError`. */
export function readConfig(variables: Variables): Config {
  const text = (name: Name): string | null => variables[name]?.trim() || null
  const required = (name: Name): string => text(name) ?? wrong(name, 'is not set')
  const secret = (name: Name, lengthMin: number): string => {
    const value = required(name)
    return value.length >= lengthMin ? value : wrong(name, `must have at least ${lengthMin} characters`)
  }
  const integer = (name: Name, fallback: number, min: number, max: number): number => {
    const value = text(name) ?? String(fallback)
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    return number >= min && number <= max
      ? number
      : wrong(name, `must be a whole number from ${min} to ${max}`)
  }
  const share = (name: Name, fallback: number): number => {
    const value = text(name) ?? String(fallback)
    const isShare = /^\d(\.\d{1,6})?$/.test(value) && Number(value) <= 1
    return isShare ? Number(value) : wrong(name, 'must be a number from 0 to 1, such as 0.05')
  }
  const list = (name: Name, isValid: (entry: string) => boolean, what: string): string[] =>
    (text(name) ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .map((entry) => (isValid(entry) ? entry : wrong(name, `must be a comma-separated list of ${what}`)))
  const flag = (name: Name, fallback: boolean): boolean => {
    const value = text(name) ?? String(fallback)
    return value === 'true' || value === 'false' ? value === 'true' : wrong(name, 'must be true or false')
  }
  const flagOrAuto = (name: Name): boolean | 'auto' => {
    const value = text(name) ?? 'auto'
    if (value === 'auto') return value
    return value === 'true' || value === 'false'
      ? value === 'true'
      : wrong(name, 'must be auto, true or false')
  }

  return {
    rootApiKey: secret('ROOT_API_KEY', 32),
    signingSecrets:
      text('SIGNING_SECRET_PREVIOUS') === null
        ? [secret('SIGNING_SECRET', 32)]
        : [secret('SIGNING_SECRET', 32), secret('SIGNING_SECRET_PREVIOUS', 32)],
    s3: {
      endpoint: endpoint('S3_ENDPOINT', required('S3_ENDPOINT')),
      region: required('S3_REGION'),
      bucket: required('S3_BUCKET'),
      credentials: {
        accessKeyId: required('S3_ACCESS_KEY_ID'),
        secretAccessKey: required('S3_SECRET_ACCESS_KEY'),
      },
      uploadCredentials:
        text('S3_UPLOAD_ACCESS_KEY_ID') === null && text('S3_UPLOAD_SECRET_ACCESS_KEY') === null
          ? null
          : {
              accessKeyId: required('S3_UPLOAD_ACCESS_KEY_ID'),
              secretAccessKey: required('S3_UPLOAD_SECRET_ACCESS_KEY'),
            },
    },
    sealCopySource: flagOrAuto('S3_SEAL_COPY_SOURCE'),
    copyIfMatch: flagOrAuto('S3_COPY_IF_MATCH'),
    writeOnce: flag('S3_WRITE_ONCE', true),
    multipartUrls: flag('S3_MULTIPART_URLS', true),
    limits: readLimits(integer),
    cors: {
      origins: list('CORS_ALLOWED_ORIGINS', isOriginPattern, originPatternsInWords),
    },
    jwt: readJwt({ text, required, wrong }),
    gatewayUrl: text('GATEWAY_URL') === null ? null : gatewayOrigin(required('GATEWAY_URL')),
    publicBaseUrl: text('PUBLIC_BASE_URL') && endpoint('PUBLIC_BASE_URL', required('PUBLIC_BASE_URL')),
    quantcdnExtraContentTypes: list('QUANTCDN_EXTRA_CONTENT_TYPES', isMediaType, 'lower-case media types'),
    cuadraExtraContentTypes: list('CUADRA_EXTRA_CONTENT_TYPES', isMediaType, 'lower-case media types'),
    logRequestsShare: share('LOG_REQUESTS_SHARE', 1),
  }
}

function endpoint(name: Name, text: string): string {
  if (text.includes('ACCOUNT_ID')) wrong(name, 'still holds the placeholder ACCOUNT_ID')
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || /[?#]/.test(text) || url.username || url.password)
    wrong(name, 'must be an http(s) URL without query, fragment or credentials')
  return url.href.replace(/\/+$/, '')
}

function isMediaType(entry: string): boolean {
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(entry)
}

/** Paths of the gateway begin at its root. */
function gatewayOrigin(text: string): string {
  const { origin, href } = new URL(endpoint('GATEWAY_URL', text))
  return href === `${origin}/` ? origin : wrong('GATEWAY_URL', 'must be an http(s) URL without a path')
}

function wrong(name: Name, problem: string): never {
  throw new ConfigError(`${name} ${problem}`)
}
