import { Agent } from 'node:http'
import { temporaryFolder } from '../lib/cleanup.mjs'
import { send } from '../lib/send.mjs'
import { startGateway, startWorker } from '../lib/workerd.mjs'
import { startNode } from '../speed/peers.mjs'
import { terminate, uploadByTus } from './upload.mjs'

/** Each starts a server. It answers its `pid`, `upload(portions)`, which resolves to `remove`, and `stop`. */
export const servers = {
  async Slipway() {
    const gateway = await startGateway({ variables: { LOG_REQUESTS_SHARE: '0' } })
    const authorization = { authorization: `Bearer ${await gateway.keyFor('acme')}` }
    return { ...gateway, upload: tusOf(gateway.url, authorization) }
  },

  async '@tus/server'() {
    const { path, remove } = temporaryFolder()
    const server = await startNode('tus-server.mjs', path)
    const stop = () => {
      server.stop()
      remove()
    }
    return { ...server, stop, upload: tusOf(server.url) }
  },

  /** The least that a Worker can do: one PUT, whatever the portions are. */
  async 'raw PUT'() {
    const worker = await startWorker('bench/form/raw-worker.ts')
    const upload = async (portions) => {
      await withConnection(worker.url, (ask) => ask({ method: 'PUT', path: '/', body: portions }))
      return () => {}
    }
    return { ...worker, upload }
  },
}

function tusOf(url, authorization) {
  return async (portions) => {
    const path = await withConnection(url, (ask) => uploadByTus(ask, '/tus', portions, authorization))
    return () => withConnection(url, (ask) => terminate(ask, path, authorization))
  }
}

/** Gives `act` a connection of its own: one that is kept may be closed by the server while others are measured. */
async function withConnection(url, act) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    return await act(async ({ path, ...request }) => {
      const answer = await send(new URL(path, url), request, agent)
      if (answer.status >= 400) throw new Error(`${request.method} ${path}: ${answer.status} ${answer.text}`)
      return answer
    })
  } finally {
    agent.destroy()
  }
}
