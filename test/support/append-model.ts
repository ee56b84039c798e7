/** What an upload whose bytes are appended may be, as a simple model that is compared with it after every step. */

import { expect } from 'vitest'
import type { Portion, Progress } from '../../src/core/append/append'
import { endAppend } from '../../src/core/append/end-append'
import { createDigestStream } from '../../src/core/contents/digest'
import { GatewayError } from '../../src/core/errors'
import { deleteFile } from '../../src/core/files/delete-file'
import type { FileId } from '../../src/core/ids'
import { sweep } from '../../src/core/uploads/sweep'
import { type Appender, cut } from './append'
import { expectInvariants } from './invariants'

/** The bytes that one request brings, and how. */
export type Bringing = {
  size: number
  /** How far from the offset of the upload they are said to belong. */
  offBy: number
  chunkBytes: number
  isAnnounced: boolean
  isAtomic: boolean
  digest: 'none' | 'right' | 'wrong'
  /** The client breaks off after this share of the bytes; null: it does not. */
  breaksAt: number | null
  length: 'unsaid' | 'right' | 'wrong'
  /** These are the last bytes, whether or not more were to come. */
  isLast: boolean
}

export type Step =
  | { step: 'append'; bringing: Bringing }
  /** A request that brings some bytes and then waits. */
  | { step: 'hold'; bringing: Bringing; waitsAt: number }
  | { step: 'go on'; breaksOff: boolean }
  | { step: 'look' | 'sweep' | 'wait' | 'end' | 'delete' }

/** A request that waits for its client. */
type Waiting = {
  done: Promise<unknown>
  goOn(breaksOff: boolean): void
  start: number
  sent: number
  size: number
  isAtomic: boolean
  /** Another request has the upload, or it is over. */
  isOvertaken: boolean
  /** It has been silent for so long that it counts as dead. */
  isSilent: boolean
}

export type Clock = { aheadMs: number }

const hasGone = new Error('the client has gone')

/** An upload in progress, and what it must be. */
export class AppendModel {
  status: 'uploading' | 'ready' | 'over' | 'gone' = 'uploading'
  /** How many bytes are kept. */
  kept = 0
  private waiting: Waiting[] = []
  private length: number | null
  private readonly isInParts: boolean

  constructor(
    private readonly api: Appender,
    private readonly clock: Clock,
    readonly id: FileId,
    /** All bytes that clients may send. */
    private readonly content: Uint8Array<ArrayBuffer>,
    /** How many of them the clients want to send. */
    private total: number,
    private readonly partBytes: number,
    /** The length is said. */
    isKnown: boolean,
  ) {
    this.length = isKnown ? total : null
    this.isInParts = !isKnown || total > partBytes
  }

  async take(step: Step): Promise<void> {
    switch (step.step) {
      case 'append':
        return this.append(step.bringing)
      case 'hold':
        return this.hold(step.bringing, step.waitsAt)
      case 'go on':
        return this.goOn(step.breaksOff)
      case 'look':
        return this.look()
      case 'sweep':
        return void expect(await this.api.during(sweep)).toMatchObject({ errors: 0, settled: 0, failed: 0 })
      case 'wait':
        this.clock.aheadMs += 100_000
        for (const request of this.waiting) request.isSilent = true
        return
      case 'end':
        return this.end()
      case 'delete':
        return this.delete()
    }
  }

  /** Lets all requests end that wait, and sends what is missing. The bytes must be those of the clients then. */
  async finish(): Promise<void> {
    while (this.waiting.length > 0) await this.goOn(false)
    if (this.status === 'over' || this.status === 'gone') return
    await this.look()
    if (this.status === 'uploading') {
      const [start, end] = [this.kept, this.total]
      const rest = { offset: start, announcedBytes: end - start, chunks: this.chunks(start, end, 300) }
      const outcome = await this.api.append(this.id, { ...rest, isLast: true })
      this.kept = end
      this.length = end
      this.became(outcome)
    }
    expect(this.status).toBe('ready')
    expect(await this.api.read(this.id)).toEqual(this.content.slice(0, this.total))
  }

  /** Takes everything away, whatever has failed, so that nothing of it is in what is tried next. */
  async clear(): Promise<void> {
    for (const request of this.waiting.splice(0)) {
      request.goOn(true)
      await request.done
    }
    const { owner, during } = this.api
    await during((gateway) => deleteFile(gateway, owner.organizationId, this.id)).catch(() => {})
  }

  /** The state of D1 and the bucket. */
  check(): Promise<void> {
    // A request that waits may still be deleting pieces; those of an upload that is over are left to the sweep.
    const isQuiet = this.waiting.length === 0
    return expectInvariants({ swept: isQuiet && (this.status === 'uploading' || this.status === 'ready') })
  }

  private get alive(): Waiting | undefined {
    return this.waiting.find((request) => !request.isOvertaken)
  }

  private async append(bringing: Bringing): Promise<void> {
    const start = this.kept
    const { alive } = this
    const offset = Math.max(0, (alive?.isSilent ? this.committedBy(alive) : start) + bringing.offBy)
    const end = offset + bringing.size
    const portion = await this.portion(bringing, offset)
    const outcome = await this.api.append(this.id, portion).catch((error: unknown) => error)
    const refusal = this.refusalOf(portion, end)
    if (refusal !== null) return expectCode(outcome, refusal)
    if (alive) this.overtake(alive)
    if (portion.byteSize != null && this.length === null) this.length = portion.byteSize
    if (portion.isLast && portion.announcedBytes !== null) this.length ??= end
    // Also if the portion fails.
    this.resized()
    const sentTo = sentBy(bringing, offset)
    if (this.length !== null && sentTo > this.length) {
      expectCode(outcome, 'beyond_length')
      return this.lookWithin(offset, sentTo)
    }
    if (bringing.breaksAt !== null) {
      expect(outcome).toBe(hasGone)
      this.kept = portion.isAtomic ? offset : sentTo
      return this.resized()
    }
    if (bringing.digest === 'wrong') return expectCode(outcome, 'digest_mismatch')
    if (portion.isLast && this.length !== null && end !== this.length) {
      expectCode(outcome, 'length_mismatch')
      this.kept = end
      return
    }
    if (portion.isLast) this.length = end
    this.kept = end
    this.resized()
    this.became(outcome)
  }

  /** How the request is refused before its bytes are taken; null: it is not. */
  private refusalOf({ offset, byteSize, announcedBytes, isLast }: Portion, end: number): string | null {
    if (this.status === 'gone') return 'file_not_found'
    if (this.status === 'over') return 'upload_over'
    if (this.status === 'ready') {
      if (offset !== this.kept) return 'offset_mismatch'
      return announcedBytes === 0 ? null : 'beyond_length'
    }
    const { alive } = this
    if (alive && !alive.isSilent) return 'append_in_progress'
    if (offset !== (alive ? this.committedBy(alive) : this.kept)) return 'offset_mismatch'
    const said = byteSize ?? (isLast && announcedBytes !== null ? end : null)
    if (said !== null && said !== (this.length ?? said)) return 'length_mismatch'
    if (said !== null && said < offset) return 'length_mismatch'
    const length = this.length ?? said
    return announcedBytes !== null && length !== null && end > length ? 'beyond_length' : null
  }

  private async hold(bringing: Bringing, waitsAt: number): Promise<void> {
    const size = Math.min(bringing.size, this.total - this.kept)
    if (this.status !== 'uploading' || this.alive || size < 1) return
    const start = this.kept
    const sent = Math.floor((size - 1) * waitsAt)
    const { promise, resolve: goOn } = Promise.withResolvers<boolean>()
    const { promise: isWaiting, resolve: waits } = Promise.withResolvers<void>()
    const { chunkBytes, isAnnounced, isAtomic } = bringing
    const chunks = async function* (this: AppendModel) {
      yield* this.chunks(start, start + sent, chunkBytes)
      waits()
      if (await promise) throw hasGone
      yield* this.chunks(start + sent, start + size, chunkBytes)
    }.call(this)
    const portion = { offset: start, announcedBytes: isAnnounced ? size : null, chunks, isAtomic }
    const done = this.api.append(this.id, portion).catch((error: unknown) => error)
    this.waiting.push({ done, goOn, start, sent, size, isAtomic, isOvertaken: false, isSilent: false })
    await Promise.race([isWaiting, done])
  }

  private async goOn(breaksOff: boolean): Promise<void> {
    const request = this.waiting.shift()
    if (request === undefined) return
    const { start, sent, size, isAtomic, isOvertaken } = request
    const wasUploading = this.status === 'uploading'
    request.goOn(breaksOff)
    const outcome = await request.done
    if (!isOvertaken && wasUploading) {
      if (breaksOff) {
        expect(outcome).toBe(hasGone)
        this.kept = isAtomic ? start : start + sent
        return
      }
      this.kept = start + size
      return this.became(outcome)
    }
    // What an overtaken request has of an upload in one piece can be all of it, and its bytes are the same.
    const mayEnd = wasUploading && !this.isInParts && !breaksOff && start + size === this.length
    if (!mayEnd || outcome instanceof Error) return void expect(outcome).toBeInstanceOf(Error)
    this.kept = start + size
    this.became(outcome)
  }

  private async look(): Promise<void> {
    const { alive } = this
    if (alive) this.overtake(alive)
    const outcome = await this.api.look(this.id).catch((error: unknown) => error)
    if (this.status === 'gone') return expectCode(outcome, 'file_not_found')
    if (this.status === 'over') return expectCode(outcome, 'upload_over')
    this.became(outcome)
  }

  /** After a failure that leaves open how many whole parts are kept. */
  private async lookWithin(from: number, to: number): Promise<void> {
    const outcome = await this.api.look(this.id)
    const kept =
      outcome.status === 'ready' ? outcome.file.content.byteSize : outcome.file.upload.receivedBytes
    const isPossible = kept === from || (kept > from && kept <= to && kept % this.partBytes === 0)
    expect(isPossible, `${kept} of ${from} to ${to}`).toBe(true)
    this.kept = kept
    this.became(outcome)
  }

  private async end(): Promise<void> {
    const { alive } = this
    const outcome = await this.api
      .during((gateway) => endAppend(gateway, this.api.owner, this.id))
      .catch((error: unknown) => error)
    if (this.status === 'gone') return expectCode(outcome, 'file_not_found')
    if (this.status === 'over') return expectCode(outcome, 'upload_over')
    expect(outcome).toBeUndefined()
    if (alive) alive.isOvertaken = true
    this.status = this.status === 'ready' ? 'gone' : 'over'
  }

  private async delete(): Promise<void> {
    const outcome = await this.api
      .during((gateway) => deleteFile(gateway, this.api.owner.organizationId, this.id))
      .catch((error: unknown) => error)
    if (this.status === 'gone') return expectCode(outcome, 'file_not_found')
    if (this.alive) this.alive.isOvertaken = true
    this.status = 'gone'
  }

  /** What a request has recorded so far that waits: whole parts, if it records any before its end. */
  private committedBy({ start, sent, isAtomic }: Waiting): number {
    if (isAtomic || !this.isInParts) return start
    return Math.max(start, Math.floor((start + sent) / this.partBytes) * this.partBytes)
  }

  private overtake(request: Waiting): void {
    request.isOvertaken = true
    this.kept = this.committedBy(request)
  }

  /** The clients have sent more than they wanted, or have said that these are all. */
  private resized(): void {
    this.total = this.length ?? Math.max(this.total, this.kept)
  }

  private became(outcome: unknown): void {
    if (outcome instanceof Error) throw outcome
    const { status, file } = outcome as Progress
    const isComplete = this.length !== null && this.kept === this.length
    expect(status).toBe(isComplete ? 'ready' : 'uploading')
    this.status = isComplete ? 'ready' : 'uploading'
    expect(status === 'ready' ? file.content.byteSize : file.upload.receivedBytes).toBe(this.kept)
  }

  private async portion(bringing: Bringing, offset: number): Promise<Portion> {
    const { size, chunkBytes, isAnnounced, isAtomic, digest, breaksAt, isLast, length } = bringing
    const end = offset + size
    const source = this.chunks(offset, sentBy(bringing, offset), chunkBytes)
    const chunks = (async function* () {
      yield* source
      if (breaksAt !== null) throw hasGone
    })()
    const hash = createDigestStream('sha256')
    for await (const chunk of this.chunks(offset, end, 10_000)) await hash.update(chunk)
    const actual = await hash.digest()
    const expected = digest === 'right' ? actual : '0'.repeat(64)
    return {
      offset,
      announcedBytes: isAnnounced ? size : null,
      chunks,
      isAtomic: isAtomic || digest !== 'none',
      isLast,
      byteSize: length === 'unsaid' ? null : this.total + (length === 'wrong' ? 7 : 0),
      ...(digest === 'none' ? {} : { digest: { algorithm: 'sha256', expected } }),
    }
  }

  /** The bytes from `from` to `to`. */
  private async *chunks(from: number, to: number, size: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield* cut(this.content.subarray(from, to), size)
  }
}

/** Where the bytes end that come, if they begin at `offset`. */
function sentBy({ size, breaksAt }: Bringing, offset: number): number {
  return offset + (breaksAt === null ? size : Math.floor(size * breaksAt))
}

function expectCode(outcome: unknown, code: string): void {
  expect(outcome instanceof GatewayError ? outcome.failure.code : outcome).toBe(code)
}
