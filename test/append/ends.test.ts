import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/core/errors'
import type { Gateway } from '../../src/core/gateway'
import { sha256Of } from '../../src/core/ids'
import { sweep } from '../../src/core/uploads/sweep'
import { appender, contentOf, portionOf } from '../support/append'
import { expectInvariants } from '../support/invariants'
import { listingStores } from '../support/start-over'
import { objectKeys, rows } from '../support/worker'

const partBytes = 5 * 1024 ** 2
const day = 24 * 60 * 60 * 1000

/** A gateway whose store can be made to fail, and whose clock can be put ahead. */
function troubled() {
  const state = { isDown: false, aheadMs: 0 }
  const alter = (gateway: Gateway): Gateway => {
    const { objects, workerMultipart } = gateway
    const refuse = (operation: string) => {
      if (state.isDown) throw new GatewayError({ code: 'store_failed', operation })
    }
    return {
      ...gateway,
      now: () => Date.now() + state.aheadMs,
      objects: {
        ...objects,
        async put(...put) {
          refuse('put')
          return objects.put(...put)
        },
      },
      workerMultipart: {
        ...workerMultipart,
        async complete(...put) {
          refuse('complete')
          return workerMultipart.complete(...put)
        },
      },
    }
  }
  return { state, alter }
}

const codeOf = (code: string) => expect.objectContaining({ failure: expect.objectContaining({ code }) })

describe.each(listingStores)('an upload over $name that the store did not let end', (store) => {
  it('is ready by the sweep after it has expired', async () => {
    const { state, alter } = troubled()
    const api = await appender(store, alter)
    const bytes = contentOf(partBytes + 10)
    const { file } = await api.create(bytes.length)
    state.isDown = true
    await expect(api.append(file.id, portionOf(bytes, 0))).rejects.toEqual(codeOf('store_failed'))
    state.isDown = false
    state.aheadMs = 8 * day
    expect(await api.during(sweep)).toMatchObject({ settled: 1, failed: 0 })
    expect(await rows('SELECT 1 FROM uploads')).toEqual([])
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
    await expectInvariants({ swept: false })
  })

  it('is ready to a client that asks late', async () => {
    const { state, alter } = troubled()
    const api = await appender(store, alter)
    const bytes = contentOf(partBytes + 10)
    const { file } = await api.create(bytes.length)
    state.isDown = true
    await expect(api.append(file.id, portionOf(bytes, 0))).rejects.toEqual(codeOf('store_failed'))
    state.isDown = false
    state.aheadMs = 8 * day
    expect((await api.look(file.id)).status).toBe('ready')
    expect(await sha256Of(await api.read(file.id))).toBe(await sha256Of(bytes))
  })

  it('is not kept from the next request by one that has failed to end it', async () => {
    const { state, alter } = troubled()
    const api = await appender(store, alter)
    const bytes = contentOf(partBytes + 10)
    const { file } = await api.create(bytes.length)
    state.isDown = true
    await expect(api.append(file.id, portionOf(bytes, 0))).rejects.toEqual(codeOf('store_failed'))
    await expect(api.look(file.id)).rejects.toEqual(codeOf('store_failed'))
    state.isDown = false
    const nothing = portionOf(bytes.subarray(0, 0), bytes.length)
    expect((await api.append(file.id, nothing)).status).toBe('ready')
  })

  it('is refused if the store has ended it, and gives back what was reserved', async () => {
    const { state, alter } = troubled()
    const api = await appender(store, alter)
    const bytes = contentOf(2 * partBytes)
    const { file } = await api.create(bytes.length)
    state.isDown = true
    await expect(api.append(file.id, portionOf(bytes, 0))).rejects.toEqual(codeOf('store_failed'))
    state.isDown = false
    await api.endMultiparts()
    state.aheadMs = 8 * day
    expect(await api.during(sweep)).toMatchObject({ refused: 1, errors: 0 })
    expect(await rows('SELECT reserved_bytes, pending_uploads FROM organizations')).toEqual([
      { reserved_bytes: 0, pending_uploads: 0 },
    ])
    expect(await objectKeys()).toEqual([])
    await expectInvariants({ swept: false })
  })

  it('is refused as soon as a part finds that the store has ended it', async () => {
    const api = await appender(store)
    const bytes = contentOf(2 * partBytes + 1)
    const { file } = await api.create(bytes.length, portionOf(bytes.subarray(0, partBytes), 0))
    await api.endMultiparts()
    const next = portionOf(bytes.subarray(partBytes), partBytes)
    await expect(api.append(file.id, next)).rejects.toEqual(codeOf('upload_refused'))
    await expect(api.look(file.id)).rejects.toEqual(codeOf('upload_over'))
    await expectInvariants({ swept: false })
  })
})
