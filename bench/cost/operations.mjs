import { base64Bodies, formBodies, mib } from '../lib/bodies.mjs'

const text = { contentType: 'text/plain' }
const newBase64 = (fields = text) => base64Bodies(10_240, fields)()
const newForm = (byteSize) => formBodies(byteSize)()
/** Three values that a filter can ask for, beside `artifactType`. */
const metadata = { tag: 'a', project: 'p', number: 1 }

/**
 * What a client does in one request or several, by name. Each is called with `ask`, which sends a request and answers its
 * JSON, and `put`, by which the client puts bytes where a URL says. They go on with what the ones before them made; `fileId`
 * is a file that was there before.
 */
export function operationsOf(of, fileId) {
  let own
  let promoted
  const once = (make) => (ask) => ask(make)
  const known = newBase64({ ...text, metadata })
  return {
    // Before the first pending upload: lists look among these.
    get: once(() => of.get(fileId)),
    'content of 10 KiB': once(() => of.content(fileId)),
    'list 50': once(() => of.page()),
    'list 50, one term': once(() => of.page({ tag: 'a' })),
    presign: async (ask) => {
      own = await ask(of.presignText)
    },
    'status while pending': once(() => of.status(own.id)),
    complete: async (ask, put) => {
      await put(own.url)
      await ask(() => of.complete(own.id))
    },
    'presign with `Idempotency-Key`': once(of.presignUnderKey),
    'presign, Direct Upload': once(of.presignDirectUpload),
    'presign, Ctxfy': once(of.presignCtxfy),
    'presign, QuantCDN': async (ask) => {
      promoted = await ask(() => of.presignQuantcdn())
    },
    'settle and promote': async (ask, put) => {
      await put(promoted.uploadUrl)
      await ask(() => of.get(promoted.fileId))
    },
    'multipart create, 4 parts': once(of.multipart),
    'base64 10 KiB': once(() => of.upload(newBase64())),
    'base64 10 KiB, 3 more terms': once(() => of.upload(known)),
    'the same bytes again': once(() => of.upload(known)),
    'form 64 KiB': once(() => of.form(newForm(65_536))),
    'form 12 MiB': once(() => of.form(newForm(12 * mib))),
    delete: once(() => of.delete(promoted.fileId)),
    'make a grant': once(of.makeGrant),
  }
}

/** Uploads from their first request until nothing is remembered of them but the file; as `operationsOf`. */
export function wholeUploadsOf(of) {
  return {
    '/v1/uploads: presign, PUT, complete': async (ask, put) => {
      const { id, url } = await ask(of.presignText)
      await put(url)
      await ask(() => of.complete(id))
    },
    'QuantCDN: presign, PUT, promoted by a get': async (ask, put) => {
      const { fileId, uploadUrl } = await ask(() => of.presignQuantcdn())
      await put(uploadUrl)
      await ask(() => of.get(fileId))
    },
    'under a new grant: presign, PUT, complete': async (ask, put) => {
      const holder = of.under((await ask(of.makeGrant)).url)
      const { id, url } = await ask(holder.presign)
      await put(url)
      await ask(() => holder.complete(id))
    },
    'under a new grant: 10 KiB in one request': async (ask) => {
      const holder = of.under((await ask(of.makeGrant)).url)
      await ask(() => holder.put(Buffer.alloc(10_240, 'x')))
    },
    'base64 10 KiB': (ask) => ask(() => of.upload(newBase64())),
    'base64 10 KiB, 3 more terms': (ask) => ask(() => of.upload(newBase64({ ...text, metadata }))),
    'form 64 KiB': (ask) => ask(() => of.form(newForm(65_536))),
  }
}

/** One more than a page. Resolves to the id of one. */
export async function makeFiles(of, ask) {
  for (let made = 0; made < 50; made++) await ask(() => of.upload(newBase64({ ...text, metadata })))
  return JSON.parse((await ask(() => of.upload(newBase64({ ...text, metadata })))).text).fileId
}
