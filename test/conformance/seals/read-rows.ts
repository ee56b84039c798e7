import { hashes, isSame, others, promised, type Row, sealOf } from './lab'

const ttlSeconds = 300

/** What the store says of its objects, and how it hands them out and deletes them. */
export const readRows: Row[] = [
  {
    id: 'head-md5',
    claim: 'HEAD gives the MD5 as ETag',
    async ask(lab) {
      const head = await lab.store.head(await lab.putObject(promised))
      return { holds: head?.md5 === (await hashes(promised)).md5, answer: head?.md5 ? '' : 'another ETag' }
    },
  },
  {
    id: 'head-sha256',
    claim: 'HEAD gives the SHA-256 that was sealed',
    async ask(lab) {
      const key = lab.newKey()
      const { sha256 } = await hashes(promised)
      const presigned = await lab.presigner().presignPut(key, sealOf({ sha256 }), ttlSeconds)
      await lab.send(presigned, promised)
      const head = await lab.store.head(key)
      return { holds: head?.sha256 === sha256, answer: head?.sha256 ? '' : 'none' }
    },
  },
  {
    id: 'get-if-match',
    claim: 'GET refuses another ETag than If-Match',
    async ask(lab) {
      const key = await lab.putObject(promised)
      const headers = { 'if-match': '"d41d8cd98f00b204e9800998ecf8427e"' }
      const { ok, text, body } = await lab.request('GET', key, '', { headers })
      return { holds: !ok && !isSame(body, promised), answer: text }
    },
  },
  {
    id: 'disposition',
    claim: 'a presigned GET answers with response-content-disposition and -type',
    async ask(lab) {
      const dressing = { contentType: 'image/png', contentDisposition: 'attachment; filename="a b.png"' }
      const url = await lab.presigner().presignGet(await lab.putObject(promised), dressing, ttlSeconds)
      const response = await fetch(url)
      await response.arrayBuffer()
      const given = ['content-type', 'content-disposition'].map((name) => response.headers.get(name))
      const wanted = [dressing.contentType, dressing.contentDisposition]
      return { holds: given.every((value, at) => value === wanted[at]), answer: String(response.status) }
    },
  },
  {
    id: 'delete-objects',
    claim: 'DeleteObjects deletes many at once',
    async ask(lab) {
      const keys = [await lab.putObject(promised), await lab.putObject(others)]
      const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`)
      const xml = `<Delete><Quiet>true</Quiet>${objects.join('')}</Delete>`
      const body = await new Response(xml).arrayBuffer().then((buffer) => new Uint8Array(buffer))
      const { md5 } = await hashes(body)
      const headers = { 'content-type': 'application/xml', 'content-md5': Uint8Array.fromHex(md5).toBase64() }
      const { text } = await lab.request('POST', '', 'delete=', { headers, body })
      const left = await Promise.all(keys.map((key) => lab.store.head(key)))
      return { holds: left.every((object) => object === null), answer: text }
    },
  },
]
