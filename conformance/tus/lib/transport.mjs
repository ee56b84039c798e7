// One HTTP request on a connection of its own, in all the ways in which clients send them: at once, in chunks without a
// length, slowly, with trailers, and cut off.
import http from 'node:http'
import https from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { Violation } from './expect.mjs'

/**
 * @typedef {object} Answer
 * @property {string} request the method that was sent, for messages
 * @property {number} status
 * @property {(name: string) => string | undefined} header a header's value by its name in any case
 * @property {Buffer} body
 */

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers without Content-Length the body is sent in chunks
 * @property {number} timeout milliseconds until an answer has to be there
 */

/** A request that is under way. */
export class Exchange {
  #request
  /** @type {Promise<Answer>} rejects with a Violation when none comes */
  answer

  /** @param {Request} request */
  constructor({ method, url, headers, timeout }) {
    const { request } = url.startsWith('https:') ? https : http
    this.#request = request(url, { method, headers, agent: false })
    this.answer = new Promise((resolve, reject) => {
      const fail = (reason) => reject(new Violation(`${method} was not answered: ${reason}`))
      const timer = setTimeout(() => {
        fail(`nothing within ${timeout / 1000} s`)
        this.#request.destroy()
      }, timeout)
      this.#request.on('error', (error) => fail(error.message))
      this.#request.on('close', () => {
        clearTimeout(timer)
        fail('the connection was closed')
      })
      this.#request.on('response', (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', (error) => fail(error.message))
        response.on('end', () => resolve(answered(method, response, Buffer.concat(chunks))))
      })
    })
    // The answer to a request that is cut off is not waited for.
    this.answer.catch(() => {})
  }

  /** Sends the headers before there is any of the body. */
  begin() {
    this.#request.flushHeaders()
  }

  /**
   * Sends a piece of the body, and resolves when it has left, or can no longer leave.
   * @param {Buffer} bytes
   * @returns {Promise<void>}
   */
  write(bytes) {
    return new Promise((resolve) => {
      this.#request.once('close', resolve)
      this.#request.write(bytes, () => resolve())
    })
  }

  /**
   * Ends the body, and resolves when all of it has left, or can no longer leave.
   * @param {Record<string, string>} [trailers]
   * @returns {Promise<void>}
   */
  end(trailers) {
    if (trailers) this.#request.addTrailers(trailers)
    return new Promise((resolve) => {
      this.#request.once('close', resolve)
      this.#request.end(() => resolve())
    })
  }

  /**
   * Resolves when the server asks for the body (100 Continue), has answered without it, or has done neither for a while
   * (in milliseconds): then a client sends the body all the same.
   * @param {number} patience
   */
  async invited(patience) {
    const asked = new Promise((resolve) => this.#request.once('continue', () => resolve('asked')))
    const refused = this.answer.then(
      () => 'answered',
      () => 'answered',
    )
    return Promise.race([asked, refused, delay(patience, 'waited')])
  }

  /** Cuts the connection. */
  cut() {
    this.#request.destroy()
  }
}

/**
 * Sends a whole request and waits for its answer.
 * @param {Request & { body?: Buffer, chunks?: Buffer[], trailers?: Record<string, string> }} request `body` is sent with its
 *   length, `chunks` without
 * @returns {Promise<Answer>}
 */
export async function send({ body, chunks, trailers, ...request }) {
  const headers = body ? { 'Content-Length': String(body.length), ...request.headers } : request.headers
  const exchange = new Exchange({ ...request, headers })
  for (const piece of body?.length ? [body] : (chunks ?? [])) await exchange.write(piece)
  void exchange.end(trailers)
  try {
    return await exchange.answer
  } finally {
    exchange.cut()
  }
}

function answered(request, response, body) {
  return {
    request,
    status: response.statusCode,
    header: (name) => response.headers[name.toLowerCase()]?.toString(),
    body,
  }
}
