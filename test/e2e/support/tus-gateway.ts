import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { AwsClient } from 'aws4fetch'
import { expect } from 'vitest'
import { copyOfProject, freePort, NpmStart, patienceMs } from './npm-start'

type StoredFile = {
  id: string
  filename: string
  status: string
  contentType: string
  sizeBytes: number
}

/** `npm start`, and what tests of uploads that can be resumed ask of it. */
export class TusGateway {
  private constructor(
    readonly origin: string,
    readonly key: string,
    readonly folder: string,
    private readonly gateway: NpmStart,
  ) {}

  static async start(): Promise<TusGateway> {
    const folder = copyOfProject()
    const port = await freePort()
    const gateway = new NpmStart(folder, port)
    await gateway.running()
    const key = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
    return new TusGateway(`http://127.0.0.1:${port}`, key, folder, gateway)
  }

  get port(): number {
    return Number(new URL(this.origin).port)
  }

  /** What a client with the key sends with each request. */
  get headers(): { authorization: string } {
    return { authorization: `Bearer ${this.key}` }
  }

  /** The URL of a new grant. */
  async grant(terms: { maxBytes: number; maxFiles?: number; contentTypes?: string[] }): Promise<string> {
    const init = { method: 'POST', headers: this.headers, body: JSON.stringify(terms) }
    const answer = await fetch(`${this.origin}/v1/grants`, init)
    expect(answer.status).toBe(201)
    return ((await answer.json()) as { url: string }).url
  }

  call(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.origin + path, { ...init, headers: this.headers })
  }

  /** The newest files of this name, at most a hundred. */
  async filesNamed(filename: string): Promise<StoredFile[]> {
    const answer = await this.call('/v1/files?limit=100')
    const { items } = (await answer.json()) as { items: StoredFile[] }
    return items.filter((file) => file.filename === filename)
  }

  /** There is one file of this name, ready, with these bytes; resolves to its id. `expectBytes` says the rest. */
  async expectStored(filename: string, bytes: Buffer, of: { wasCut?: boolean } = {}): Promise<string> {
    const files = await this.filesNamed(filename)
    expect(files).toMatchObject([{ filename, status: 'ready', sizeBytes: bytes.length }])
    const id = files[0]?.id ?? ''
    await this.expectBytes(id, bytes, of)
    return id
  }

  /** The file has these bytes, and nothing of its upload is left in the bucket. */
  async expectBytes(id: string, bytes: Buffer, of: { wasCut?: boolean } = {}): Promise<void> {
    const content = await this.call(`/v1/files/${id}/content?redirect=false`)
    expect(content.status).toBe(200)
    expect(sha256Of(Buffer.from(await content.arrayBuffer()))).toBe(sha256Of(bytes))
    await this.expectNoPieces(id, of)
  }

  async expectAborted(id: string): Promise<void> {
    const answer = await this.call(`/v1/uploads/${id}`)
    expect(await answer.json()).toMatchObject({ status: 'failed', error: 'aborted' })
  }

  /** The gateway deletes pieces after its answer; what a request brought that was cut off, with the next sweep. */
  async expectNoPieces(id: string, { wasCut = false } = {}): Promise<void> {
    const keys = async () => {
      if (wasCut)
        await fetch(`${this.origin}/cdn-cgi/local/scheduled?cron=${encodeURIComponent('*/5 * * * *')}`)
      return this.#keysOfPieces(id)
    }
    await expect.poll(keys, { timeout: patienceMs }).toEqual([])
  }

  /** Keys of the bucket that the upload of this file has while it lasts, by asking the store past the gateway. */
  async #keysOfPieces(id: string): Promise<string[]> {
    const store = new AwsClient({
      accessKeyId: 'slipway-local',
      secretAccessKey: 'slipway-local-secret',
      service: 's3',
      region: 'auto',
    })
    const answer = await store.fetch(`${this.origin}/cdn-cgi/local/r2/s3/slipway?list-type=2`)
    const text = await answer.text()
    expect(answer.status, text).toBe(200)
    expect(text).toContain('<IsTruncated>false</IsTruncated>')
    const keys = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key)
    const own = keys.filter((key) => key.replaceAll('-', '').includes(id.slice('file_'.length)))
    return own.filter((key) => key.startsWith('_incoming/') || key.includes('/pieces/'))
  }

  /** Stops the gateway as Ctrl-C does; its folder stays. */
  async stop(): Promise<void> {
    this.gateway.signalGroup('SIGINT')
    await this.gateway.exit()
  }

  end(): void {
    this.gateway.end()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
