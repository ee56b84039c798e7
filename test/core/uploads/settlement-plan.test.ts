import { describe, expect, it } from 'vitest'
import type { Md5, ObjectKey, Sha256 } from '../../../src/core/ids'
import type { StoredObject } from '../../../src/core/ports/object-store'
import {
  type Arrival,
  arrivalOf,
  planSettlement,
  type SettlementPlan,
} from '../../../src/core/uploads/settlement-plan'
import { type MultipartUpload, noHeaderSeal, type PutUpload } from '../../../src/core/uploads/upload'

type Store = { hasR2Binding: boolean; honoursCopyIfMatch: boolean }

const r2 = { hasR2Binding: true, honoursCopyIfMatch: true }
const amazon = { hasR2Binding: false, honoursCopyIfMatch: true }
const ceph = { hasR2Binding: false, honoursCopyIfMatch: false }
/** An R2 binding whose operator has said that copies cannot be relied on. */
const distrusted = { hasR2Binding: true, honoursCopyIfMatch: false }

/** How a plan is written below: which copy, what is read, and whether it is hashed. */
const whole = { reads: 'all', hashes: true } as const
const unhashed = { reads: 'all', hashes: false } as const
const start = { reads: 'start', hashes: false } as const
const worker = { copies: 'through_worker' } as const
const inStore = { copies: 'in_store' } as const
const inPlace = { copies: 'none' } as const

type Size = Arrival['size']
type Row = [Size, attested: boolean, plan: Omit<SettlementPlan, 'choosesVersion'>]

/** Bytes that are copied, because they are promoted or rewritten, by store. */
const copied: [string, Store, Row[]][] = [
  [
    'an R2 binding',
    r2,
    [
      ['empty', true, { ...worker, ...whole }],
      ['empty', false, { ...worker, ...whole }],
      ['hashable', true, { ...worker, ...whole }],
      ['hashable', false, { ...worker, ...whole }],
      ['large', true, { ...inStore, ...start }],
      ['large', false, { ...inStore, ...start }],
    ],
  ],
  [
    'S3 that checks the ETag of a copy’s source',
    amazon,
    [
      ['empty', true, { ...inStore, ...whole }],
      ['empty', false, { ...inStore, ...whole }],
      ['hashable', true, { ...inStore, ...start }],
      ['hashable', false, { ...inStore, ...whole }],
      ['large', true, { ...inStore, ...start }],
      ['large', false, { ...inStore, ...start }],
    ],
  ],
  ...[
    ['S3 that does not check it', ceph] as const,
    ['an R2 binding beside an endpoint that does not check it', distrusted] as const,
  ].map(([name, store]): [string, Store, Row[]] => [
    name,
    store,
    [
      ['empty', true, { ...worker, ...whole }],
      ['empty', false, { ...worker, ...whole }],
      ['hashable', true, { ...worker, ...whole }],
      ['hashable', false, { ...worker, ...whole }],
      ['large', true, { ...worker, ...unhashed }],
      ['large', false, { ...worker, ...unhashed }],
    ],
  ]),
]

/** Bytes that stay as they are, in every store. */
const kept: Row[] = [
  ['empty', true, { ...inPlace, ...whole }],
  ['empty', false, { ...inPlace, ...whole }],
  ['hashable', true, { ...inPlace, ...start }],
  ['hashable', false, { ...inPlace, ...whole }],
  ['large', true, { ...inPlace, ...start }],
  ['large', false, { ...inPlace, ...start }],
]

const cases = copied.flatMap(([name, store, rows]) =>
  (['promoted', 'rewritten', 'kept'] as const).flatMap((destination) =>
    (destination === 'kept' ? kept : rows).map(
      ([size, isAttested, plan]) => [{ destination, size, isAttested }, name, store, plan] as const,
    ),
  ),
)

describe('the plan of a settlement', () => {
  it('is listed for every arrival in every store', () => {
    const listed = cases.map(([arrival, , store]) => JSON.stringify([arrival, store]))
    expect(new Set(listed).size).toBe(3 * 3 * 2 * 4)
    expect(listed).toHaveLength(3 * 3 * 2 * 4)
  })

  it.each(cases)('of %o over %s', (arrival, _, store, plan) => {
    expect(planSettlement(arrival, store)).toEqual({
      ...plan,
      choosesVersion: arrival.destination === 'promoted',
    })
  })
})

describe('an arrival', () => {
  const key = 'acme/a.txt' as ObjectKey
  const md5 = '0'.repeat(32) as Md5
  const sha256 = '0'.repeat(64) as Sha256
  const place = { objectKey: key, contentKey: key, contentType: 'text/plain', expiresAt: 1 }
  const put: PutUpload = {
    ...place,
    ...noHeaderSeal,
    method: 'presigned_put',
    byteSize: 5,
    contentDisposition: 'inline',
    promotion: null,
  }
  const parts: MultipartUpload = {
    ...place,
    method: 'multipart',
    byteSize: 5,
    md5: null,
    sha256: null,
    contentDisposition: null,
    partBytes: 5,
    multipartId: 'id',
  }
  const incoming: PutUpload = { ...put, objectKey: '_incoming/acme/a' as ObjectKey }
  const object: StoredObject = {
    key,
    byteSize: 5,
    etag: 'e',
    contentType: 'text/plain',
    contentEncoding: null,
    contentDisposition: 'inline',
    hasOtherHeaders: false,
    md5: null,
    sha256: null,
  }

  it.each([
    ['at another key than its own is promoted', incoming, {}, 'promoted'],
    ['at another key is promoted whatever its headers', incoming, { hasOtherHeaders: true }, 'promoted'],
    ['at its own key is kept', put, {}, 'kept'],
    ['without a disposition is kept', put, { contentDisposition: null }, 'kept'],
    ['with another disposition is rewritten', put, { contentDisposition: 'attachment' }, 'rewritten'],
    ['with headers that were not promised is rewritten', put, { hasOtherHeaders: true }, 'rewritten'],
    ['with an encoding is rewritten', put, { contentEncoding: 'aws-chunked' }, 'rewritten'],
    ['in parts is kept', parts, { hasOtherHeaders: true, contentEncoding: 'identity' }, 'kept'],
  ] as const)('%s', (_, upload, facts, destination) => {
    expect(arrivalOf(upload, { ...object, ...facts }, 10).destination).toBe(destination)
  })

  it.each([
    [0, 10, 'empty'],
    [0, 0, 'empty'],
    [1, 10, 'hashable'],
    [10, 10, 'hashable'],
    [11, 10, 'large'],
    [1, 0, 'large'],
  ])('of %i bytes where %i are hashed is %s', (byteSize, hashMaxBytes, size) => {
    expect(arrivalOf(put, { ...object, byteSize }, hashMaxBytes).size).toBe(size)
  })

  it.each([
    [null, { md5: null, sha256: null }, false],
    [null, { md5, sha256: null }, false],
    [null, { md5: null, sha256 }, true],
    [null, { md5, sha256 }, true],
    [md5, { md5: null, sha256: null }, false],
    [md5, { md5, sha256: null }, false],
    [md5, { md5: null, sha256 }, false],
    [md5, { md5, sha256 }, true],
  ])('with the MD5 %s sealed, of which the store says %o, is attested: %s', (sealed, said, isAttested) => {
    expect(arrivalOf({ ...put, md5: sealed }, { ...object, ...said }, 10).isAttested).toBe(isAttested)
  })
})
