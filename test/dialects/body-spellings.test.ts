import { describe, expect, it } from 'vitest'
import { ctxfy, uploadPath } from '../support/ctxfy'
import { cuadra, field, textFile } from '../support/cuadra'
import { blobOf, directPath, directUpload } from '../support/direct-upload'
import { base64, filesPath, quantcdn } from '../support/quantcdn'
import { uploads } from '../support/uploads'
import { bodyOf, rootKey, rows, startWorker } from '../support/worker'

async function start() {
  const worker = startWorker()
  const token = await worker.organization()
  const post = (path: string, json: unknown) => worker.call('POST', path, { token, json })
  return { worker, token, post }
}

describe('fields in the spellings of other clients', () => {
  it('make the file that they plainly ask for', async () => {
    const { worker, token } = await start()
    const stored = await bodyOf(
      await quantcdn(worker, token).upload({
        content: base64('hello'),
        content_type: 'text/plain',
        fileName: 'a.txt',
      }),
    )
    expect(stored).toMatchObject({ contentType: 'text/plain', filename: 'a.txt' })
    const presigned = await bodyOf(
      await quantcdn(worker, token).upload({ requestUploadURL: true, 'content-type': 'text/plain' }),
    )
    expect(presigned.uploadUrl).toContain('X-Amz-Signature')
    const created = await uploads(worker, token).create({
      file_name: 'a.bin',
      content_type: 'application/octet-stream',
      size: 5,
    })
    expect(created.status).toBe(201)
    const { filename, ...blob } = await blobOf('hello')
    expect((await directUpload(worker, token).create({ ...blob, fileName: filename })).status).toBe(200)
    const open = await ctxfy(worker, token).upload({ filename: 'a', content_type: 'text/plain', size: 5 })
    expect(open.status).toBe(200)
  })

  it('tie a file to a resource', async () => {
    const { worker, token } = await start()
    const api = cuadra(worker, token)
    const answer = await api.upload([
      textFile('hello'),
      field('resourceType', 'Chat'),
      field('resource-id', 'c'),
    ])
    const { id, associations } = await bodyOf(answer)
    expect(associations).toMatchObject([{ resourceType: 'chat', resourceId: 'c' }])
    const json = { resource_type: 'DATASET', resource_id: 'd' }
    expect((await api.call('POST', `/${id}/associations`, { json })).status).toBe(201)
  })

  it('may come twice in a form when they say the same', async () => {
    const { worker, token } = await start()
    const answer = await cuadra(worker, token).upload([
      field('source_detail', 'drive'),
      field('sourceDetail', 'drive'),
      textFile('hello'),
    ])
    expect((await bodyOf(answer)).sourceDetail).toBe('drive')
  })
})

describe('fields that are not plain are refused by name, and nothing is made', () => {
  it.each([
    [filesPath, { requestUploadUrll: true, contentType: 'text/plain' }, 'requestUploadUrll'],
    [filesPath, { Content: 'aGk=', contentType: 'text/plain' }, 'Content'],
    [filesPath, { content: 'aGk=', contentType: 'text/plain', content_type: 'text/css' }, 'content_type'],
    [filesPath, { content: 'aGk=', contentType: 'text/plain', metdata: {} }, 'metdata'],
    [uploadPath, { filename: 'a', contentType: 'text/plain', sizes: 5 }, 'sizes'],
    ['/v1/uploads', { filname: 'a', contentType: 'text/plain', size: 5 }, 'filname'],
    ['/v1/uploads', { filename: 'a', contentType: 'text/plain', size: 5, shar256: 'x' }, 'shar256'],
  ])('%s %j: %s', async (path, json, about) => {
    const { post } = await start()
    const answer = await post(path, json)
    expect(answer.status).toBe(400)
    const { errors, details } = await bodyOf(answer)
    expect(errors ?? details).toMatchObject([{ field: about }])
    expect(await rows('SELECT uuid AS id FROM files')).toEqual([])
  })

  it('also where FastAPI says where', async () => {
    const { worker, token } = await start()
    const { checksum, ...blob } = await blobOf('hello')
    const answer = await directUpload(worker, token).create({ ...blob, cheksum: checksum })
    expect(answer.status).toBe(422)
    expect((await bodyOf(answer)).detail).toEqual([
      {
        loc: ['body', 'blob', 'cheksum'],
        msg: 'Value error, is not a field of this request; did you mean checksum?',
        type: 'value_error',
      },
    ])
  })
})

describe('an empty content type', () => {
  it.each(['', ' '])('%j is that of unknown bytes', async (type) => {
    const { worker, token, post } = await start()
    const blob = await bodyOf(
      await directUpload(worker, token).create(await blobOf('x', { content_type: type })),
    )
    expect(blob.content_type).toBe('application/octet-stream')
    expect(blob.direct_upload.headers['Content-Type']).toBe('application/octet-stream')
    const { headers } = await bodyOf(
      await uploads(worker, token).create({ filename: 'weights.npz', contentType: type, size: 5 }),
    )
    expect(headers['Content-Type']).toBe('application/octet-stream')
    const open = await post(uploadPath, { filename: 'weights.npz', contentType: type, size: 5 })
    expect(open.status).toBe(200)
  })
})

describe('dates of ISO 8601', () => {
  it.each([
    '2099-01-01T00:00:00+0000',
    '2099-01-01T00:00Z',
    '2099-01-01t00:00:00z',
    '2099-01-01T01:00:00.123456+01',
  ])('expiration_date %s', async (text) => {
    const { post } = await start()
    const answer = await post('/v1/api-keys', { expiration_date: text, scopes: ['files:read'] })
    expect(answer.status).toBe(201)
    expect((await bodyOf(answer)).expiration_date).toMatch(/^2099-01-01T00:00:00\.(000|123)Z$/)
  })

  it.each(['2099-01-01', '2099-01-01T00:00:00', '', 'tomorrow'])(
    'not expiration_date %j, which would be guessed at',
    async (text) => {
      const { post } = await start()
      const answer = await post('/v1/api-keys', { expiration_date: text })
      expect(answer.status).toBe(400)
      expect((await bodyOf(answer)).message).toContain(`not "${text}"`)
    },
  )
})

describe('messages', () => {
  it.each([
    ['POST', '/v1/uploads', {}, ['filename', 'contentType', 'size']],
    ['POST', uploadPath, {}, ['filename', 'contentType', 'size']],
    ['POST', filesPath, {}, ['contentType']],
    ['PUT', '/v1/organizations/new', {}, ['name']],
    ['POST', '/v1/uploads/file_0190a00000007000800000000000000a/parts', {}, ['partNumbers']],
    [
      'POST',
      '/v1/uploads/file_0190a00000007000800000000000000a/complete',
      { parts: [{}] },
      ['parts.0.partNumber', 'parts.0.etag'],
    ],
    [
      'POST',
      '/v1/files/file_0190a00000007000800000000000000a/associations',
      {},
      ['resourceType', 'resourceId'],
    ],
  ])('%s %s says of each field that is missing that it is required', async (method, path, json, fields) => {
    const { worker, token } = await start()
    const answer = await worker.call(method, path, { token: method === 'PUT' ? rootKey : token, json })
    expect(answer.status).toBe(400)
    const { errors, details } = await bodyOf(answer)
    expect(errors ?? details).toEqual(
      fields.map((name) => ({ field: name, message: expect.stringMatching(/^is required and must be /) })),
    )
  })

  it.each(['/v1/uploads', uploadPath, '/v1/api-keys'])(
    '%s says what a body must be that is no object',
    async (path) => {
      const { post } = await start()
      for (const [json, came] of [
        [[], 'a list'],
        [null, 'null'],
        ['text', '"text"'],
      ] as const) {
        const { detail, message } = await bodyOf(await post(path, json))
        expect(detail ?? message).toBe(`the body must be a JSON object, not ${came}`)
      }
    },
  )

  it('name the field, what came and what is right', async () => {
    const { post } = await start()
    for (const [path, json, message] of [
      [
        filesPath,
        { content: '', contentType: 'text' },
        'contentType: must be a media type such as image/png, not "text"',
      ],
      [
        filesPath,
        { contentType: 'text/plain', requestUploadUrl: 'yes' },
        'requestUploadUrl: must be true or false, not "yes"',
      ],
      [
        uploadPath,
        { filename: 'a', contentType: 'a/b', size: '5' },
        'size must be a whole number of bytes, not "5"',
      ],
      ['/v1/uploads', { filename: 'a', contentType: 'a/b', size: -1 }, 'size must be 0 or more, not -1'],
      ['/v1/uploads', { filename: 7, contentType: 'a/b', size: 1 }, 'filename must be a string, not 7'],
      [
        '/v1/uploads',
        { filename: 'a', contentType: 'a/b', size: 1, md5: `${'x'.repeat(99)}` },
        `md5 must be the base64 of 16 bytes, not "${'x'.repeat(40)}"…`,
      ],
    ] as const) {
      const body = await bodyOf(await post(path, json))
      expect(body.detail ?? body.message).toContain(message)
    }
  })

  it('say that a file input was left empty', async () => {
    const { worker, token } = await start()
    const answer = await cuadra(worker, token).upload([
      { name: 'file', filename: '', type: 'application/octet-stream', content: '' },
    ])
    expect((await bodyOf(answer)).detail).toBe('file is required: no file was chosen')
  })

  it('point to the blob that is no object', async () => {
    const { post } = await start()
    const { detail } = await bodyOf(await post(directPath, { blob: [] }))
    expect(detail).toMatchObject([{ loc: ['body', 'blob'] }])
  })
})
