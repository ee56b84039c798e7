// The server under test, as a client sees it.
import { setTimeout as delay } from 'node:timers/promises'
import { expectHeader, expectInteger, expectStatus, expectThat, Violation } from './expect.mjs'
import { Exchange, send } from './transport.mjs'

export const contentType = { 'Content-Type': 'application/offset+octet-stream' }

/** Tries and pauses of a client that meets a conflict, a lock or a server error: 10 s in all. */
const retries = { tries: 50, pause: 200 }

/**
 * @typedef {object} Settings
 * @property {string} url the URL that uploads are created at
 * @property {Record<string, string>} headers sent with each request, except preflights
 * @property {string | null} metadata Upload-Metadata of each creation that has none of its own
 * @property {string} origin the Origin of the requests that a web page would make
 * @property {string | null} download where a finished upload's bytes are, with `{id}` for the last segment of its URL
 * @property {number} timeout milliseconds until an answer has to be there
 * @property {number} wait the most seconds that a case waits for an upload to expire
 */

/** @typedef {Record<string, string | null>} Headers those that are null are left out, also where they would be sent by default */

export class Server {
  #created = []

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings
    this.url = settings.url
    /** @type {import('./transport.mjs').Answer | null} what OPTIONS answers */
    this.options = null
    /** How many finished uploads were read and compared. */
    this.compared = 0
    /** Why bytes cannot be read, if so. */
    this.unreadable = 'no upload was finished'
  }

  /** Asks what the server offers. Throws what the connection throws. */
  async discover() {
    this.options = await this.request('OPTIONS', this.url, { headers: { 'Tus-Resumable': null } })
  }

  /** The values of a header of OPTIONS that is a list. */
  listed(name) {
    const value = this.options?.header(name)
    return value === undefined ? [] : value.split(',').map((item) => item.trim())
  }

  offers(extension) {
    return this.listed('Tus-Extension').includes(extension)
  }

  /**
   * Sends a request with the protocol's version and the headers that the operator of the suite gave. A server that asks for
   * fewer requests (429) is given the time that it asks for.
   * @param {string} method
   * @param {string} url
   * @param {{ headers?: Headers, body?: Buffer, chunks?: Buffer[], trailers?: Record<string, string> }} [content]
   */
  async request(method, url, { headers, ...content } = {}) {
    const { timeout } = this.settings
    for (let tried = 0; ; tried++) {
      const answer = await send({ method, url, headers: this.#headers(headers), timeout, ...content })
      if (answer.status !== 429 || tried === 3) return answer
      await delay(Math.min(Number(answer.header('Retry-After')) || 1, 120) * 1000)
    }
  }

  /** As a browser asks before a page's request: without credentials and version. */
  preflight(url, headers) {
    return send({ method: 'OPTIONS', url, headers, timeout: this.settings.timeout })
  }

  /**
   * Begins a request whose body the case sends as it likes.
   * @param {string} method
   * @param {string} url
   * @param {Headers} headers
   */
  begin(method, url, headers) {
    // The time that the case takes over the body comes on top.
    const timeout = this.settings.timeout + retries.tries * retries.pause
    return new Exchange({ method, url, headers: this.#headers(headers), timeout })
  }

  /** Asks for an upload, whatever the answer. */
  post(headers, content = {}) {
    return this.request('POST', this.url, { headers: { ...this.#metadata(), ...headers }, ...content })
  }

  /**
   * Creates an upload and returns its URL.
   * @param {number | null} length null: deferred
   * @param {Headers} [headers]
   * @param {{ body?: Buffer, chunks?: Buffer[] }} [content]
   */
  async create(length, headers = {}, content = {}) {
    const size = length === null ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(length) }
    return this.created(await this.post({ ...size, ...headers }, content))
  }

  /** The URL of the upload that this answer tells of. */
  created(answer) {
    expectStatus(answer, 201)
    const url = new URL(expectHeader(answer, 'Location'), this.url).href
    this.#created.push(url)
    return url
  }

  /** Sends bytes to an upload, whatever the answer. */
  patch(url, offset, body, headers = {}) {
    const all = { 'Upload-Offset': String(offset), ...contentType, ...headers }
    return this.request('PATCH', url, {
      headers: all,
      ...(Array.isArray(body) ? { chunks: body } : { body }),
    })
  }

  /** Appends bytes to an upload: throws unless the server takes all of them and says so. */
  async append(url, offset, bytes, headers = {}) {
    const answer = await this.patch(url, offset, bytes, headers)
    expectStatus(answer, 204)
    const length = Array.isArray(bytes) ? Buffer.concat(bytes).length : bytes.length
    const told = expectInteger(answer, 'Upload-Offset')
    expectThat(
      told === offset + length,
      `PATCH of ${length} bytes at ${offset} answered Upload-Offset: ${told}`,
    )
    return answer
  }

  head(url) {
    return this.request('HEAD', url)
  }

  /** The offset that HEAD tells. */
  async offset(url) {
    const answer = await this.head(url)
    expectStatus(answer, 200, 204)
    return expectInteger(answer, 'Upload-Offset')
  }

  /** Throws unless HEAD tells this offset. */
  async expectOffset(url, expected) {
    const offset = await this.offset(url)
    expectThat(offset === expected, `the offset is ${offset}, not ${expected}`)
  }

  /**
   * The offset of an upload whose last request was cut off: a server may need a while to notice.
   * @param {string} url
   * @param {number} [atLeast]
   */
  async settledOffset(url, atLeast = 0) {
    let last = ''
    for (let tried = 0; tried < retries.tries; tried++) {
      const answer = await this.head(url)
      if (answer.status === 200 || answer.status === 204) {
        const offset = expectInteger(answer, 'Upload-Offset')
        if (offset >= atLeast) return offset
        last = `Upload-Offset: ${offset}`
      } else {
        last = String(answer.status)
        expectThat(answer.status >= 500 || [409, 423, 429].includes(answer.status), `HEAD answered ${last}`)
      }
      await delay(retries.pause)
    }
    throw new Violation(`HEAD still answers ${last} after ${(retries.tries * retries.pause) / 1000} s`)
  }

  /** Uploads what is missing as clients do: HEAD, PATCH from there, and again after a conflict, a lock or a server error. */
  async resume(url, bytes, headers = {}) {
    let last = ''
    for (let tried = 0; tried < retries.tries; tried++) {
      const offset = await this.settledOffset(url)
      expectThat(offset <= bytes.length, `the offset is ${offset} of ${bytes.length} bytes`)
      if (offset === bytes.length) return
      const answer = await this.patch(url, offset, bytes.subarray(offset), headers)
      last = String(answer.status)
      if (answer.status === 204) continue
      expectThat(answer.status >= 500 || [409, 423, 429].includes(answer.status), `PATCH answered ${last}`)
      await delay(retries.pause)
    }
    throw new Violation(`PATCH still answers ${last} after ${(retries.tries * retries.pause) / 1000} s`)
  }

  /** Throws if the bytes of a finished upload are others, or cannot be read although those of another one could. */
  async expectBytes(url, bytes) {
    const { download } = this.settings
    const id = new URL(url).pathname.split('/').at(-1) ?? ''
    const answer = await this.#read(download ? download.replaceAll('{id}', id) : url)
    if (answer.status !== 200) {
      this.unreadable = `GET of ${download ?? "the upload's URL"} answered ${answer.status}`
      expectThat(this.compared === 0, `the bytes cannot be read: ${this.unreadable}`)
      return
    }
    this.compared++
    const stored = answer.body
    expectThat(
      stored.equals(bytes),
      `the ${stored.length} stored bytes are not the ${bytes.length} that were sent`,
    )
  }

  /** Also from where the answer points, without the headers that are for the server. */
  async #read(url) {
    const answer = await this.request('GET', url)
    if (![301, 302, 303, 307, 308].includes(answer.status)) return answer
    const elsewhere = new URL(expectHeader(answer, 'Location'), url).href
    return send({ method: 'GET', url: elsewhere, headers: {}, timeout: this.settings.timeout })
  }

  /** Terminates the uploads of this run, if the server can. */
  async cleanUp() {
    if (!this.offers('termination')) return
    for (const url of this.#created.splice(0)) await this.request('DELETE', url).catch(() => {})
  }

  #metadata() {
    return this.settings.metadata ? { 'Upload-Metadata': this.settings.metadata } : {}
  }

  #headers(own = {}) {
    const names = new Set(Object.keys(own).map((name) => name.toLowerCase()))
    const common = { 'Tus-Resumable': '1.0.0', ...this.settings.headers }
    const kept = Object.entries(common).filter(([name]) => !names.has(name.toLowerCase()))
    return Object.fromEntries([...kept, ...Object.entries(own).filter(([, value]) => value !== null)])
  }
}
