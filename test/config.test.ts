import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig, type Variables } from '../src/config'

const complete: Variables = {
  ROOT_API_KEY: 'root-key-of-thirty-two-characters',
  SIGNING_SECRET: 'signing-secret-of-32-characters-',
  S3_ENDPOINT: 'https://store.example.com',
  S3_REGION: 'auto',
  S3_BUCKET: 'slipway',
  S3_ACCESS_KEY_ID: 'access-key',
  S3_SECRET_ACCESS_KEY: 'secret-access-key',
}

describe('readConfig', () => {
  it('fills in what may be left out', () => {
    expect(readConfig(complete)).toEqual({
      rootApiKey: 'root-key-of-thirty-two-characters',
      signingSecrets: ['signing-secret-of-32-characters-'],
      s3: {
        endpoint: 'https://store.example.com',
        region: 'auto',
        bucket: 'slipway',
        credentials: { accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' },
        uploadCredentials: null,
      },
      sealCopySource: 'auto',
      copyIfMatch: 'auto',
      writeOnce: true,
      multipartUrls: true,
      limits: {
        directUploadMaxBytes: 7_340_032,
        formUploadMaxBytes: 52_428_800,
        uploadUrlTtlSeconds: 3600,
        uploadUrlMaxTtlSeconds: 86_400,
        hashMaxBytes: 268_435_456,
        pendingUploadsMax: 10_000,
        filesMax: 1_000_000,
        appendMaxBytes: 16 * 1024 ** 2 * 10_000,
        uploadMaxAgeSeconds: 604_800,
        requestMaxBytes: 100_000_000,
        downloadUrlTtlSeconds: 3600,
      },
      cors: { origins: [] },
      quantcdnExtraContentTypes: [],
      cuadraExtraContentTypes: [],
      logRequestsShare: 1,
      jwt: null,
      publicBaseUrl: null,
      gatewayUrl: null,
    })
  })

  it('takes empty and blank variables as left out', () => {
    const optional: Variables = {
      SIGNING_SECRET_PREVIOUS: ' ',
      LOG_REQUESTS_SHARE: '',
      S3_UPLOAD_ACCESS_KEY_ID: '',
      S3_UPLOAD_SECRET_ACCESS_KEY: '',
      S3_SEAL_COPY_SOURCE: '',
      S3_WRITE_ONCE: '',
      S3_MULTIPART_URLS: '',
      DIRECT_UPLOAD_MAX_BYTES: ' ',
      FORM_UPLOAD_MAX_BYTES: '',
      CUADRA_EXTRA_CONTENT_TYPES: '',
      UPLOAD_URL_TTL_SECONDS: '',
      UPLOAD_URL_MAX_TTL_SECONDS: ' ',
      HASH_MAX_BYTES: '',
      PENDING_UPLOADS_MAX: '',
      FILES_MAX: '',
      DOWNLOAD_URL_TTL_SECONDS: '\n',
      CORS_ALLOWED_ORIGINS: ' , ',
      QUANTCDN_EXTRA_CONTENT_TYPES: '',
      JWT_JWKS_URL: '',
      JWT_ISSUER: ' ',
      JWT_AUDIENCE: '',
      JWT_ORGANIZATION_CLAIM: '',
      PUBLIC_BASE_URL: ' ',
      GATEWAY_URL: '',
      JWT_SCOPE_CLAIM: '',
      JWT_SCOPE_MAP: ' ',
      JWT_DEFAULT_SCOPES: '',
    }
    expect(readConfig({ ...complete, ...optional })).toEqual(readConfig(complete))
  })

  it('reads every variable', () => {
    const config = readConfig({
      ...complete,
      SIGNING_SECRET_PREVIOUS: 'previous-secret-of-32-characters',
      S3_ENDPOINT: ' http://127.0.0.1:8787/cdn-cgi/local/r2/s3/ ',
      S3_UPLOAD_ACCESS_KEY_ID: 'upload-key',
      S3_UPLOAD_SECRET_ACCESS_KEY: 'upload-secret',
      S3_SEAL_COPY_SOURCE: 'true',
      S3_WRITE_ONCE: 'false',
      S3_MULTIPART_URLS: 'false',
      DIRECT_UPLOAD_MAX_BYTES: '1024',
      FORM_UPLOAD_MAX_BYTES: '2048',
      CUADRA_EXTRA_CONTENT_TYPES: 'image/png',
      UPLOAD_URL_TTL_SECONDS: '604800',
      UPLOAD_URL_MAX_TTL_SECONDS: '604799',
      HASH_MAX_BYTES: '0',
      GATEWAY_URL: 'https://gateway.example.com/',
      JWT_SCOPE_CLAIM: '/realm_access/roles',
      JWT_SCOPE_MAP: 'upload=write = files:write, admin=files:read,admin=org:admin',
      JWT_DEFAULT_SCOPES: 'files:read, files:write',
      PENDING_UPLOADS_MAX: '7',
      FILES_MAX: '9',
      DOWNLOAD_URL_TTL_SECONDS: '1',
      CORS_ALLOWED_ORIGINS: 'https://app.example.com, http://localhost:*,capacitor://localhost',
      QUANTCDN_EXTRA_CONTENT_TYPES: 'application/xml,audio/mpeg',
      JWT_JWKS_URL: 'https://id.example.com/keys?p=a',
      JWT_ISSUER: 'https://id.example.com',
      JWT_AUDIENCE: 'slipway',
      JWT_ORGANIZATION_CLAIM: '/https:~1~1example.com~1org/id',
      PUBLIC_BASE_URL: ' https://files.example.com/pub// ',
      LOG_REQUESTS_SHARE: '0.05',
    })
    expect(config).toMatchObject({
      s3: {
        endpoint: 'http://127.0.0.1:8787/cdn-cgi/local/r2/s3',
        uploadCredentials: { accessKeyId: 'upload-key', secretAccessKey: 'upload-secret' },
      },
      sealCopySource: true,
      writeOnce: false,
      multipartUrls: false,
      limits: {
        directUploadMaxBytes: 1024,
        formUploadMaxBytes: 2048,
        uploadUrlTtlSeconds: 604_800,
        uploadUrlMaxTtlSeconds: 604_799,
        hashMaxBytes: 0,
        pendingUploadsMax: 7,
        filesMax: 9,
        downloadUrlTtlSeconds: 1,
      },
      cuadraExtraContentTypes: ['image/png'],
      cors: { origins: ['https://app.example.com', 'http://localhost:*', 'capacitor://localhost'] },
      quantcdnExtraContentTypes: ['application/xml', 'audio/mpeg'],
      jwt: {
        provider: {
          jwksUrl: 'https://id.example.com/keys?p=a',
          issuer: 'https://id.example.com',
          audience: 'slipway',
        },
        reading: {
          organizationClaim: ['https://example.com/org', 'id'],
          scopes: {
            claims: [['realm_access', 'roles']],
            meanings: new Map([
              ['upload=write', ['files:write']],
              ['admin', ['files:read', 'org:admin']],
            ]),
            fallback: ['files:read', 'files:write'],
          },
        },
      },
      publicBaseUrl: 'https://files.example.com/pub',
      gatewayUrl: 'https://gateway.example.com',
      signingSecrets: ['signing-secret-of-32-characters-', 'previous-secret-of-32-characters'],
      logRequestsShare: 0.05,
    })
  })

  it.each([
    ['true', true],
    ['false', false],
    ['auto', 'auto'],
  ] as const)('reads S3_SEAL_COPY_SOURCE %s', (text, expected) => {
    expect(readConfig({ ...complete, S3_SEAL_COPY_SOURCE: text }).sealCopySource).toBe(expected)
  })

  it('allows every origin only where it is asked to', () => {
    expect(readConfig({ ...complete, CORS_ALLOWED_ORIGINS: '*' }).cors.origins).toEqual(['*'])
  })

  /** Every variable, with values that are wrong. */
  const wrong: { [Name in keyof Variables]: readonly string[] } = {
    ROOT_API_KEY: ['', ' ', 'hunter2-is-too-short', `  ${'x'.repeat(31)}  `],
    SIGNING_SECRET: ['', 'hunter2-is-too-short', 'x'.repeat(31)],
    SIGNING_SECRET_PREVIOUS: ['hunter2-is-too-short', 'x'.repeat(31)],
    LOG_REQUESTS_SHARE: ['-0.1', '1.1', '2', '5%', '.5', '1e-1', '0.1234567', 'NaN', 'true'],
    S3_ENDPOINT: [
      '',
      'store.example.com',
      'ftp://store.example.com',
      'javascript:alert(1)',
      'https://',
      'https://ACCOUNT_ID.r2.cloudflarestorage.com',
      'https://<ACCOUNT_ID>.r2.cloudflarestorage.com',
      'https://store.example.com?hunter2',
      'https://store.example.com/#hunter2',
      'https://user:hunter2@store.example.com',
    ],
    S3_REGION: ['', ' '],
    S3_BUCKET: [''],
    S3_ACCESS_KEY_ID: [''],
    S3_SECRET_ACCESS_KEY: ['', '\t'],
    S3_SEAL_COPY_SOURCE: ['yes', 'TRUE', '1', 'auto,true'],
    S3_WRITE_ONCE: ['yes', 'FALSE', '0'],
    S3_MULTIPART_URLS: ['no', 'TRUE', 'auto'],
    DIRECT_UPLOAD_MAX_BYTES: [
      '0',
      '-1',
      '1.5',
      '7MB',
      '1e6',
      '0x10',
      '33554433',
      '9'.repeat(30),
      'NaN',
      '1 000',
    ],
    UPLOAD_URL_TTL_SECONDS: ['0', '604801', '1h', '-3600', 'Infinity'],
    UPLOAD_URL_MAX_TTL_SECONDS: ['0', '604801', '1d', '-1'],
    HASH_MAX_BYTES: ['-1', '256MB', '1.5', '107374182401'],
    PENDING_UPLOADS_MAX: ['0', '-1', 'none', '1000000001'],
    FILES_MAX: ['0', '-1', 'none', '1000000001'],
    DOWNLOAD_URL_TTL_SECONDS: ['0', '604801', '1h', '3600.0'],
    CORS_ALLOWED_ORIGINS: [
      'app.example.com',
      'https://app.example.com/',
      'https://*.com',
      'https://*.*.example.com',
      'https://a.example.com https://b.example.com',
      'https://a.example.com,NULL',
    ],
    PUBLIC_BASE_URL: [
      'files.example.com',
      'ftp://files.example.com',
      'https://u:p@files.example.com',
      'https://files.example.com/?x',
      'https://files.example.com/#x',
    ],
    GATEWAY_URL: [
      'gateway.example.com',
      'ftp://gateway.example.com',
      'https://gateway.example.com/api',
      'https://u:hunter2@gateway.example.com',
      'https://gateway.example.com/?x',
    ],
    JWT_SCOPE_CLAIM: ['permission', '/permission/~2', 'hunter2'],
    JWT_SCOPE_MAP: ['uploader', 'upload=', '=admin', 'upload=hunter2', 'a=files:read,b'],
    JWT_DEFAULT_SCOPES: ['everything', 'files:read,hunter2', 'FILES:READ'],
    QUANTCDN_EXTRA_CONTENT_TYPES: [
      'xml',
      'Application/XML',
      'text/*',
      'text/plain; charset=utf-8',
      'a/b c/d',
    ],
    JWT_JWKS_URL: [
      'id.example.com/keys',
      'http://id.example.com/keys',
      'http://localhost.example.com/keys',
      'http://127.0.0.1.example.com/keys',
      'https://user:hunter2@id.example.com/keys',
      'https://id.example.com/keys#hunter2',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'data:application/json,{"keys":[]}',
    ],
    JWT_ORGANIZATION_CLAIM: ['tenant', '#/tenant', '/tenant~', '/ten~2ant', '$.tenant'],
  }
  const cases = Object.entries(wrong).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  )

  it.each(cases)('refuses %s of %j by name', (name, value) => {
    const error = errorOf({ ...complete, [name]: value })
    expect(error.message).toMatch(new RegExp(`^${name} [a-z]`))
  })

  it('does so when a required variable is not there at all', () => {
    for (const missing of Object.keys(complete)) {
      const others = Object.fromEntries(Object.entries(complete).filter(([name]) => name !== missing))
      expect(errorOf(others).message).toBe(`${missing} is not set`)
    }
  })

  it('wants the secret that belongs to an upload key', () => {
    const error = errorOf({ ...complete, S3_UPLOAD_ACCESS_KEY_ID: 'upload-key' })
    expect(error.message).toBe('S3_UPLOAD_SECRET_ACCESS_KEY is not set')
  })

  const jwt = {
    JWT_JWKS_URL: 'https://id.example.com/keys',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'slipway',
  }

  it.each(Object.keys(jwt))('wants %s where one of its two companions is set', (missing) => {
    expect(errorOf({ ...complete, ...jwt, [missing]: '' }).message).toBe(`${missing} is not set`)
  })

  it('looks for the organization of a token in org_id unless told otherwise', () => {
    expect(readConfig({ ...complete, ...jwt }).jwt?.reading.organizationClaim).toEqual(['org_id'])
  })

  it('looks for its scopes in scope, scp and permissions unless told otherwise, and gives none', () => {
    expect(readConfig({ ...complete, ...jwt }).jwt?.reading.scopes).toEqual({
      claims: [['scope'], ['scp'], ['permissions']],
      meanings: new Map(),
      fallback: [],
    })
  })

  it.each(['http://localhost:9000/keys', 'http://127.0.0.1:9000/keys', 'http://[::1]:9000/keys'])(
    'lets keys come over plain HTTP from this machine: %s',
    (url) => {
      expect(readConfig({ ...complete, ...jwt, JWT_JWKS_URL: url }).jwt?.provider.jwksUrl).toBe(url)
    },
  )

  it('never repeats a value, whichever is wrong', () => {
    for (const [name, value] of cases.filter(([, text]) => text.trim().length > 4)) {
      const { message, stack, cause } = errorOf({ ...complete, [name]: value })
      for (const said of [message, stack ?? '', String(cause)]) expect(said).not.toContain(value.trim())
      expect(message).not.toContain('hunter2')
    }
  })

  it('never says a secret that is right either', () => {
    const secrets = [complete.ROOT_API_KEY, complete.SIGNING_SECRET, complete.S3_SECRET_ACCESS_KEY]
    for (const [name, value] of cases)
      for (const secret of secrets)
        if (secret) expect(errorOf({ ...complete, [name]: value }).message).not.toContain(secret)
  })
})

function errorOf(variables: Variables): ConfigError {
  try {
    readConfig(variables)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  return expect.fail('it was accepted')
}
