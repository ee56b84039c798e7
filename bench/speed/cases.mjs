import { base64Bodies, formBodies, mib, rawBodies } from '../lib/bodies.mjs'
import { answersTo, putObjects } from '../lib/gateway-requests.mjs'
import { bareRequests } from './bare-requests.mjs'

/** The gateway without what is dearer here than on the platform: Miniflare's rate limiter and the pipe of the log. */
export const slipway = 'Slipway'
export const limitedSlipway = 'Slipway with limiter'
export const bareWorker = 'bare Worker'

/** So many files are there to be read and listed. */
const fileCount = 300

/**
 * What is measured: `{ name, connections, sides, compared }`. `sides` as `measure` takes them, by name; of each pair in
 * `compared` the CPU of `other` is divided by that of `own`, which should give `target` or more where there is one.
 *
 * `gateway`, `limited` and `bare` are running Workers, `of` and `ofReads` requests to the gateway for an organization that
 * uploads and one that has no pending uploads, `ofLimited` requests to `limited`.
 */
export async function makeCases({ gateway, limited, bare, of, ofReads, ofLimited, peers }) {
  const text = { contentType: 'text/plain', metadata: { tag: 'measured' } }
  const small = base64Bodies(1024, text)
  const storeFiles = async (count) =>
    (await answersTo(gateway, count, () => ofReads.upload(small()))).map(({ fileId }) => fileId)
  const storeBare = async (count) =>
    (await answersTo(bare, count, () => bareRequests.upload('base64', small()))).map(({ fileId }) => fileId)
  const [ids, bareIds] = [await storeFiles(fileCount), await storeBare(fileCount)]

  const pending = async (count) => idsOf(await answersTo(gateway, count, of.presignText))
  const pendingBare = async (count) => idsOf(await answersTo(bare, count, bareRequests.presignText))
  const awaited = async (count) => idsOf(await withBytes(gateway, answersTo(gateway, count, of.presignText)))
  const awaitedBare = async (count) =>
    idsOf(await withBytes(bare, answersTo(bare, count, bareRequests.presignText)))
  const unpromoted = async (count) => {
    const told = answersTo(gateway, count, () => of.presignQuantcdn())
    const renamed = told.then((all) => all.map(({ fileId, uploadUrl }) => ({ id: fileId, url: uploadUrl })))
    return idsOf(await withBytes(gateway, renamed))
  }

  const beside = (name, target, own, other, connections = [1, 16]) => ({
    name,
    connections,
    sides: { [bareWorker]: { server: bare, ...other }, [slipway]: { server: gateway, ...own } },
    compared: [{ own: slipway, other: bareWorker, target }],
  })
  const bodies = (name, target, own, other, { connections, ...limits }) =>
    beside(name, target, { make: own, ...limits }, { make: other, ...limits }, connections)
  const base64 = (byteSize) => {
    const next = base64Bodies(byteSize)
    return [() => of.upload(next()), () => bareRequests.upload('base64', next())]
  }
  const form = (byteSize) => {
    const [next, nextRaw] = [formBodies(byteSize), rawBodies(byteSize)]
    return [() => of.form(next()), () => bareRequests.upload('raw', nextRaw())]
  }
  const large = { warm: 2, most: 24 }

  return [
    presigns({ gateway, limited, bare, of, ofLimited, peers }),
    beside(
      'get',
      0.85,
      { make: (index) => ofReads.get(ids[index % fileCount]) },
      { make: (index) => bareRequests.of('get', bareIds[index % fileCount]) },
    ),
    beside(
      'status of a pending upload',
      0.85,
      { make: of.status, prepare: pending },
      { make: (id) => bareRequests.of('status', id), prepare: pendingBare },
    ),
    beside('list 50', 0.8, { make: () => ofReads.page() }, { make: () => bareRequests.of('list') }),
    beside(
      'list 50 by metadata',
      0.8,
      { make: () => ofReads.page(text.metadata) },
      { make: () => bareRequests.of('filter') },
    ),
    beside(
      'complete, 1 KiB',
      0.8,
      { make: of.complete, prepare: awaited },
      { make: (id) => bareRequests.of('complete', id), prepare: awaitedBare },
    ),
    beside(
      'settle and promote, 1 KiB',
      0.75,
      { make: of.get, prepare: unpromoted },
      { make: (id) => bareRequests.of('promote', id), prepare: awaitedBare },
    ),
    beside(
      'delete',
      0.8,
      { make: ofReads.delete, prepare: storeFiles },
      { make: (id) => bareRequests.of('delete', id), prepare: storeBare },
    ),
    beside(
      'content through the Worker, 1 KiB',
      0.83,
      { make: (index) => ofReads.content(ids[index % fileCount]) },
      { make: (index) => bareRequests.of('content', bareIds[index % fileCount]) },
    ),
    bodies('base64 10 KiB', 0.84, ...base64(10 * 1024), { connections: [1, 16] }),
    bodies('base64 7 MiB', 0.9, ...base64(7 * mib), { connections: [1, 8], ...large }),
    bodies('form 64 KiB', 0.73, ...form(64 * 1024), { connections: [1, 16] }),
    bodies('form 50 MiB', 0.92, ...form(50 * mib), { connections: [1], warm: 1, least: 2 }),
  ]
}

/** The one request that other programs answer too. They have no rate limiter, so they are compared with both gateways. */
function presigns({ gateway, limited, bare, of, ofLimited, peers }) {
  const targets = { Companion: 1.2, Rails: 2 }
  const warm = 800
  return {
    name: 'presign',
    connections: [1, 16],
    sides: {
      [bareWorker]: { server: bare, make: bareRequests.presign, warm },
      [slipway]: { server: gateway, make: of.presign, warm },
      [limitedSlipway]: { server: limited, make: ofLimited.presign, warm },
      ...Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, { ...peer, warm }])),
    },
    compared: [
      { own: slipway, other: bareWorker, target: 0.85 },
      ...Object.keys(peers).flatMap((other) => [
        { own: slipway, other, target: targets[other] },
        { own: limitedSlipway, other },
      ]),
    ],
  }
}

function idsOf(answers) {
  return answers.map(({ id }) => id)
}

/** What `told` has, whose bytes are in the bucket. */
async function withBytes(server, told) {
  const all = await told
  await putObjects(
    server,
    all.map(({ url }) => url),
  )
  return all
}
