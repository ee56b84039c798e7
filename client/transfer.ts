import type { UploadedFile, UploadOptions } from './client'
import type { Control } from './control'
import type { Created, Gateway, ListedPart, NewUpload, Plan, SignedPart, Status } from './gateway'
import { PartUrls } from './part-urls'
import { readable } from './persist'
import { ProgressMeter } from './progress'
import { put } from './put'
import { randomKey, toHex } from './random-key'
import { type Remembered, remember } from './remembered-upload'
import { sendParts } from './send-parts'
import { UploadError } from './upload-error'

/** Up to how many bytes a file goes in one PUT: the size of the gateway's parts. */
const singlePutMax = 16 * 1024 ** 2
/** How long the gateway knows an Idempotency-Key. */
const keyLifeMs = 24 * 3_600_000
/** Of more parts than these the ETags are not written down after each: the list would take longer to write than a part to send. */
const rememberedPartsMax = 1000

type Setting = {
  options: UploadOptions
  gateway: Gateway
  control: Control
  retries: number
  /** Under which name it is remembered; null: it is not. */
  place: string | null
  /** What is remembered. */
  known: Remembered | null
}

/** One upload of one file: the steps, and what is known of it. */
export class Transfer {
  readonly #file: Blob
  readonly #setting: Setting
  readonly #progress: ProgressMeter
  #known: Remembered
  #fields: NewUpload | undefined
  #partCount = 0

  constructor(file: Blob, setting: Setting) {
    this.#file = file
    this.#setting = setting
    this.#progress = new ProgressMeter(file.size, setting.options.onProgress)
    this.#known = setting.known ?? newUpload()
  }

  async run(): Promise<UploadedFile> {
    const begun = await this.#resumed()
    if (begun?.multipart) await this.#sendParts(begun.id, begun.multipart, [], begun.parts)
    else if (!begun) await this.#begin()
    this.#progress.finish()
    return this.#complete()
  }

  /** Tells the gateway that no bytes come. Also when the answer that began the upload was not waited for. */
  async abort(gateway: Gateway): Promise<void> {
    const id = this.#known.id ?? (this.#fields && (await gateway.create(this.#fields, this.#known.key)).id)
    if (id) await gateway.abort(id)
  }

  /** The state of the upload in parts that is remembered; null when it is over, or the credential may not see it. */
  async #resumed(): Promise<Status | null> {
    const { id, isInParts } = this.#known
    if (!id || !isInParts) return null
    const status = await this.#setting.gateway.status(id).catch((error: UploadError) => {
      if (error.status === 403 || error.status === 404) return error
      throw error
    })
    if (status instanceof Error) {
      if (status.status === 404) this.#known = newUpload()
      return null
    }
    if (status.status === 'ready' || status.status === 'uploading') return status
    this.#known = newUpload()
    return null
  }

  async #begin(): Promise<void> {
    const fields = await this.#describe()
    await this.#setting.control.ready()
    this.#fields = fields
    this.#remember()
    const created = await this.#create(fields)
    this.#known.id = created.id
    this.#known.isInParts = created.multipart !== undefined
    const end = created.multipart?.expiresAt ?? created.expiresAt
    if (end) this.#known.until = Date.parse(end)
    this.#remember()
    if (created.multipart) await this.#sendParts(created.id, created.multipart, created.parts ?? [])
    else if (created.status !== 'ready') await this.#sendWhole(created, fields)
  }

  /** A remembered key that the gateway knows for another request, or for an upload that is over, is replaced. */
  async #create(fields: NewUpload): Promise<Created> {
    const { gateway, known } = this.#setting
    try {
      return await gateway.create(fields, this.#known.key)
    } catch (error) {
      const { status } = error as UploadError
      if (this.#known !== known || (status !== 409 && status !== 422)) throw error
      // A grant for one file has no room for a second upload beside it.
      if (known?.id) await gateway.abort(known.id).catch(() => {})
      this.#known = newUpload()
      this.#remember()
      return gateway.create(fields, this.#known.key)
    }
  }

  async #describe(): Promise<NewUpload> {
    const { filename, contentType, metadata } = this.#setting.options
    const file = this.#file
    const isWhole = file.size <= singlePutMax
    // By its hash the store compares the bytes, and those that the organization has need not be sent.
    const sha256 = isWhole ? await sha256Of(file) : undefined
    return {
      filename: filename ?? ('name' in file ? String(file.name) : 'upload'),
      contentType: contentType ?? (file.type || 'application/octet-stream'),
      size: file.size,
      ...(sha256 && { sha256 }),
      ...(metadata && { metadata }),
      ...(isWhole ? {} : { multipart: true }),
    }
  }

  async #sendWhole(created: Created, fields: NewUpload): Promise<void> {
    const { control, retries, gateway } = this.#setting
    let signed: Created | undefined = created
    await put(control, retries, {
      body: this.#file,
      signed: async () => {
        signed ??= await gateway.create(fields, this.#known.key)
        return { url: signed.url ?? '', headers: signed.headers ?? {} }
      },
      renew: () => {
        signed = undefined
      },
      onProgress: (loaded) => this.#progress.set(1, loaded),
    })
  }

  /** `listed`: what the store has, where it can say. */
  async #sendParts(
    id: string,
    plan: Plan,
    parts: readonly SignedPart[],
    listed?: readonly ListedPart[] | null,
  ): Promise<void> {
    const { control, retries, gateway, options } = this.#setting
    const { etags } = this.#known
    this.#partCount = plan.partCount
    if (listed) for (const number of Object.keys(etags)) delete etags[Number(number)]
    for (const { partNumber, etag } of listed ?? []) etags[partNumber] = etag
    const sent = new Set(Object.keys(etags).map(Number))
    const isSent = (number: number) => sent.has(number)
    const urls = new PartUrls(gateway, id, {
      parts,
      partCount: plan.partCount,
      isWanted: (number) => !isSent(number),
    })
    await sendParts(this.#file, {
      ...{ plan, urls, control, retries, isSent, progress: this.#progress },
      concurrency: options.concurrency ?? 4,
      onSent: (number, etag) => {
        sent.add(number)
        if (etag) etags[number] = etag
        if (plan.partCount <= rememberedPartsMax) this.#remember()
      },
    })
  }

  /**
   * ETags go along if all could be read, for stores that cannot list parts. A store that lacks parts, or has others than this
   * browser remembers, gets them once more.
   */
  async #complete(mayRepeat = true): Promise<UploadedFile> {
    const { gateway } = this.#setting
    const { id = '', isInParts, etags } = this.#known
    const parts = Object.entries(etags).map(([number, etag]) => ({ partNumber: Number(number), etag }))
    try {
      return await gateway.complete(
        id,
        parts.length > 0 && parts.length === this.#partCount ? parts : undefined,
      )
    } catch (error) {
      if (!mayRepeat || !isInParts || !(error instanceof UploadError) || error.status !== 409) throw error
      const state = await gateway.status(id).catch(() => null)
      if (!state?.multipart) throw error
      await this.#sendParts(id, state.multipart, [], state.parts ?? [])
      return this.#complete(false)
    }
  }

  #remember(): void {
    remember(this.#setting.place, this.#known)
  }
}

function newUpload(): Remembered {
  return { key: randomKey(), until: Date.now() + keyLifeMs, etags: {} }
}

/** Undefined on pages that may not hash: those of an insecure context. */
async function sha256Of(file: Blob): Promise<string | undefined> {
  if (!globalThis.crypto?.subtle) return undefined
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await readable(file))))
}
