import type { Credentials, UploadedFile } from './client'
import type { Control } from './control'
import { persist } from './persist'
import { codeOfRefusal, errorOfAnswer, UploadError } from './upload-error'

export type SignedPart = { partNumber: number; url: string; headers: Record<string, string>; size: number }
export type Plan = { partSize: number; partCount: number }
export type ListedPart = { partNumber: number; size: number; etag: string }

export type NewUpload = {
  filename: string
  contentType: string
  size: number
  sha256?: string
  metadata?: Record<string, unknown>
  multipart?: boolean
  partSize?: number
}

/** What the gateway answers to a new upload: nothing to send, one PUT, or parts. */
export type Created = {
  id: string
  status?: 'ready'
  url?: string
  headers?: Record<string, string>
  expiresAt?: string
  multipart?: Plan & { expiresAt: string }
  parts?: SignedPart[]
}

export type Status = {
  id: string
  status: 'uploading' | 'ready' | 'error' | 'failed'
  error: string | null
  multipart?: Plan
  expiresAt?: string
  /** null: the store cannot list them. */
  parts?: ListedPart[] | null
}

/** `/v1/uploads` of one gateway, with one caller's credentials. What it refuses rejects as an `UploadError`. */
export class Gateway {
  /** What its paths begin with: the URL of a grant, or the gateway's origin. */
  readonly base: string
  readonly #credentials: Credentials
  readonly #control: Control
  readonly #retries: number

  constructor(credentials: Credentials, control: Control, retries: number) {
    this.base = baseOf(credentials)
    this.#credentials = credentials
    this.#control = control
    this.#retries = retries
  }

  /** Repeated with the same `key` it is the same upload, with newly signed URLs. */
  create(upload: NewUpload, key: string): Promise<Created> {
    return this.#call('POST', '', upload, { 'Idempotency-Key': key })
  }

  status(id: string): Promise<Status> {
    return this.#call('GET', `/${id}`)
  }

  async sign(id: string, partNumbers: number[]): Promise<SignedPart[]> {
    const { parts } = await this.#call<{ parts: SignedPart[] }>('POST', `/${id}/parts`, { partNumbers })
    return parts
  }

  /** `parts` for stores that cannot list them. Bytes that the gateway refuses reject with the code of its reason. */
  async complete(id: string, parts?: { partNumber: number; etag: string }[]): Promise<UploadedFile> {
    try {
      return await this.#call('POST', `/${id}/complete`, parts && { parts })
    } catch (error) {
      if (!(error instanceof UploadError) || error.status !== 422) throw error
      const state = await this.status(id).catch(() => null)
      throw new UploadError(codeOfRefusal(state?.error), 422, error.detail)
    }
  }

  abort(id: string): Promise<void> {
    return this.#call('DELETE', `/${id}`)
  }

  async #call<Body>(
    method: string,
    path: string,
    json?: object,
    headers: Record<string, string> = {},
  ): Promise<Body> {
    const { status, text } = await persist(this.#control, this.#retries, async () => ({
      method,
      url: `${this.base}/v1/uploads${path}`,
      headers: {
        ...headers,
        ...(await authorization(this.#credentials)),
        ...(json && { 'Content-Type': 'application/json' }),
      },
      body: json && JSON.stringify(json),
    }))
    if (status < 200 || status > 299) throw errorOfAnswer(status, text)
    return (text && JSON.parse(text)) as Body
  }
}

function baseOf(credentials: Credentials): string {
  const { origin } = new URL(import.meta.url)
  const base = 'grant' in credentials ? credentials.grant : (credentials.gateway ?? origin)
  // A module that was loaded from a file has the origin "null".
  if (!/^https?:/.test(base))
    throw new TypeError('upload needs { grant }, the URL of a grant, or { token, gateway }')
  return base.replace(/\/+$/, '')
}

async function authorization(credentials: Credentials): Promise<Record<string, string>> {
  if ('grant' in credentials) return {}
  const { token } = credentials
  return { Authorization: `Bearer ${typeof token === 'string' ? token : await token()}` }
}
