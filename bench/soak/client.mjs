import { bytesOf, Chance, digestOf } from './bytes.mjs'
import { withoutSecrets } from './secrets.mjs'

/** Requests per minute: over 1200 per API key the gateway answers 429. */
const requestsPerMinuteMax = 1100
const requestTimeoutMs = 600_000
const kibibyte = 1024

/** A wrong answer. The message has what is needed to find out why, and no secret. */
export class Unexpected extends Error {}

/**
 * One client of the gateway with an API key of its own. It knows which files it has made and which bytes they
 * must have, and compares every answer with that.
 */
export class SoakClient {
  /** Files that are ready, by id: `{id, content, …}`. `content` is `{seed, byteSize, sha256}`. */
  files = new Map()
  /** Ids of uploads that this client began and left. */
  abandoned = new Set()
  /** Ids of files that were refused or aborted, which stay without bytes. */
  ended = new Set()
  #made = 0
  #requests = []

  /** `durations` takes how long each request took, in milliseconds. */
  constructor({ origin, organization, name, token, seed, durations }) {
    Object.assign(this, { origin, organization, name, token, seed, durations })
    this.chance = new Chance(`${seed}/${name}`)
    this.filesPath = `/api/v3/organizations/${organization}/ai/files`
  }

  /** Bytes that no client has sent before. */
  newContent(byteSize = this.smallSize()) {
    return this.content(`${this.seed}/${this.name}/${this.#made++}`, byteSize)
  }

  /** Bytes that other clients send as well, so that contents are shared, let go of and made anew. */
  commonContent() {
    const number = this.chance.between(1, 12)
    return this.content(`${this.seed}/common/${number}`, number * 5000)
  }

  content(seed, byteSize) {
    const sha256 = digestOf('sha256', bytesOf({ seed, byteSize }))
    return { seed, byteSize, sha256 }
  }

  /** Mostly small, now and then up to 2 MiB. */
  smallSize() {
    return this.chance.isTrue(0.95)
      ? this.chance.between(1, 128 * kibibyte)
      : this.chance.between(128 * kibibyte, 2048 * kibibyte)
  }

  /** The metadata by which the client finds its files, in the dialects that have any. */
  newMetadata() {
    return { soak: this.name, shelf: this.chance.between(1, 3) }
  }

  newIdempotencyKey() {
    return `${this.name}-${this.#made++}`
  }

  own(file) {
    this.files.set(file.id, file)
    return file
  }

  /** One of the client's files that `condition` holds for; undefined when there is none. */
  anyFile(condition = () => true) {
    return this.chance.among([...this.files.values()].filter(condition))
  }

  /** A request to the gateway with the client's key. `step` names it in the report of an unexpected answer. */
  async call(step, method, path, { headers = {}, token = this.token, ...rest } = {}) {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
    await this.#allowed()
    return this.send(step, method, this.origin + path, { ...rest, headers: { ...authorization, ...headers } })
  }

  /**
   * A request to any URL. Reads the whole answer: `{status, headers, bytes, json}`. Throws `Unexpected` when its status is
   * none of `expect`.
   */
  async send(step, method, url, { headers = {}, body, json, expect = 200 }) {
    const startedAt = performance.now()
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      headers: json === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: json === undefined ? (body ?? null) : JSON.stringify(json),
      signal: AbortSignal.timeout(requestTimeoutMs),
    }).catch((error) => {
      throw new Unexpected(`${step}: no answer: ${error.cause?.code ?? error.message}`)
    })
    const bytes = await answer.arrayBuffer().then(Buffer.from, (error) => {
      throw new Unexpected(`${step}: ${answer.status}, then: ${error.cause?.code ?? error.message}`)
    })
    this.durations.push(performance.now() - startedAt)
    if (![expect].flat().includes(answer.status))
      throw new Unexpected(
        `${step}: ${answer.status} instead of ${expect}: ${withoutSecrets(bytes.toString('utf8', 0, 2000)).slice(0, 500)}`,
      )
    const isJson = /[/+]json/.test(answer.headers.get('content-type') ?? '')
    return {
      status: answer.status,
      headers: answer.headers,
      bytes,
      json: isJson ? JSON.parse(bytes.toString()) : null,
    }
  }

  put(step, url, bytes, { headers = { 'content-type': 'text/plain' }, expect = 200 } = {}) {
    return this.send(step, 'PUT', url, { headers, body: bytes, expect })
  }

  check(step, condition, problem) {
    if (!condition) throw new Unexpected(`${step}: ${problem}`)
  }

  checkBytes(step, bytes, content) {
    this.check(
      step,
      digestOf('sha256', bytes) === content.sha256,
      `${bytes.length} other bytes than the ${content.byteSize} that were stored`,
    )
  }

  async #allowed() {
    for (;;) {
      const now = performance.now()
      this.#requests = this.#requests.filter((at) => at > now - 60_000)
      if (this.#requests.length < requestsPerMinuteMax) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    this.#requests.push(performance.now())
  }
}
