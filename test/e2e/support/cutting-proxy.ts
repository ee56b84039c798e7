import { Agent } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A network that fails: it carries connections to a port of this machine, and cuts them where a test says so. Node reaches it by
 * `agent`, Chromium with `chromiumArgument`: both call the gateway by its own address.
 */
export class CuttingProxy {
  /** How many connections it has cut. */
  cuts = 0
  readonly #server: Server
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  #sent = 0
  #cutAt: number[] = []
  #answersToLose: string[] = []
  #stallAt = Number.POSITIVE_INFINITY
  #stalled = () => {}
  #heldBack: (() => void)[] = []

  private constructor(port: number, server: Server) {
    this.#port = port
    this.#server = server
  }

  static async before(port: number): Promise<CuttingProxy> {
    const server = createServer()
    const proxy = new CuttingProxy(port, server)
    server.on('connection', (client) => proxy.#carry(client))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** Cuts when the clients have sent as many bytes from now on, in all their connections together. Ascending. */
  cutAfter(...bytes: number[]): void {
    this.#cutAt = bytes.map((count) => this.#sent + count)
  }

  /** Carries no more when the clients have sent as many bytes from now on; resolves then. */
  stallAfter(bytes: number): Promise<void> {
    this.#stallAt = this.#sent + bytes
    return new Promise((resolve) => {
      this.#stalled = resolve
    })
  }

  /** Carries on, also what was held back. */
  flow(): void {
    this.#stallAt = Number.POSITIVE_INFINITY
    for (const carry of this.#heldBack.splice(0)) carry()
  }

  /** Cuts all connections, and carries on with new ones. */
  cutAll(): void {
    this.#heldBack = []
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.flow()
  }

  /** Cuts before the answer to the next request with `method` comes through, which the server has had whole. */
  loseAnswerTo(method: string): void {
    this.#answersToLose.push(method)
  }

  /** Takes each request by a connection of its own. */
  agent(): Agent {
    const at = { host: '127.0.0.1', port: this.#ownPort() }
    return Object.assign(new Agent(), { createConnection: () => connect(at) })
  }

  chromiumArgument(): string {
    return `--host-resolver-rules=MAP 127.0.0.1:${this.#port} 127.0.0.1:${this.#ownPort()}`
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #ownPort(): number {
    const address = this.#server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  #carry(client: Socket): void {
    const server = connect({ host: '127.0.0.1', port: this.#port })
    let method = ''
    let isAnswered = true
    let isCut = false
    const cut = () => {
      this.cuts++
      client.resetAndDestroy()
      server.destroy()
    }
    client.on('data', (bytes) => {
      if (this.#sent + bytes.length >= this.#stallAt) {
        this.#heldBack.push(() => pass(bytes))
        this.#stalled()
        client.pause()
      } else pass(bytes)
    })
    const pass = (bytes: Buffer) => {
      client.resume()
      // What comes after the cut must not arrive without what was cut off before it.
      if (isCut || client.destroyed) return
      if (isAnswered) method = bytes.toString('latin1', 0, bytes.indexOf(' '))
      isAnswered = false
      const left = (this.#cutAt[0] ?? Number.POSITIVE_INFINITY) - this.#sent
      this.#sent += Math.min(left, bytes.length)
      if (bytes.length < left) return carryOn(client, server, bytes)
      this.#cutAt.shift()
      isCut = true
      // What came before does arrive.
      server.write(bytes.subarray(0, left), cut)
    }
    server.on('data', (bytes) => {
      isAnswered = true
      const at = this.#answersToLose.indexOf(method)
      if (at < 0) return carryOn(server, client, bytes)
      this.#answersToLose.splice(at, 1)
      cut()
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('end', () => other.end())
      socket.on('error', () => other.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
    }
  }
}

function carryOn(from: Socket, to: Socket, bytes: Buffer): void {
  if (to.write(bytes)) return
  from.pause()
  to.once('drain', () => from.resume())
}
