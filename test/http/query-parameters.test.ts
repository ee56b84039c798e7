import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { GatewayError, type Issue } from '../../src/core/errors'
import { queryParameters } from '../../src/http/query-parameters'

const known = { limit: ['pageSize'], resourceType: [], 'expand[]': ['include'] } as const

/** What is read of `query`, or the issues. */
async function read(query: string): Promise<Record<string, unknown> | Issue[]> {
  const app = new Hono()
  app.get('/', (c) => {
    const parameters = queryParameters(c, known)
    return c.json({
      limit: parameters.one('limit'),
      resourceType: parameters.one('resourceType'),
      expand: parameters.all('expand[]'),
    })
  })
  app.onError((error, c) => {
    if (!(error instanceof GatewayError) || error.failure.code !== 'invalid_request') throw error
    return c.json(error.failure.issues)
  })
  return (await app.request(`/?${query}`)).json()
}

describe('queryParameters', () => {
  it.each([
    'resourceType=chat',
    'resource_type=chat',
    'resource-type=chat',
    'ResourceType=chat',
    'RESOURCETYPE=chat',
    'resourceType[]=chat',
    'resource%5Ftype=chat',
  ])('takes %s for the parameter that it plainly is', async (query) => {
    expect(await read(query)).toMatchObject({ resourceType: 'chat' })
  })

  it('takes the other names that clients have for a parameter', async () => {
    for (const name of ['pageSize', 'page_size', 'page-size', 'pagesize'])
      expect(await read(`${name}=5`)).toMatchObject({ limit: '5' })
  })

  it('takes the same value several times, however the name is written, and refuses two that differ', async () => {
    expect(await read('limit=5&limit=5&page_size=5')).toMatchObject({ limit: '5' })
    for (const query of ['limit=5&limit=6', 'limit=5&pageSize=6'])
      expect(await read(query)).toEqual([{ field: 'limit', message: expect.stringContaining('once') }])
  })

  it('takes what is empty for absent, also what it does not know', async () => {
    expect(await read('limit=&limit=5&sort=&resourceType&&')).toEqual({ limit: '5', expand: [] })
  })

  it('keeps all values of a list', async () => {
    expect(await read('expand[]=a&expand=b&expand%5B0%5D=c&include=d')).toMatchObject({
      expand: ['a', 'b', 'c', 'd'],
    })
  })

  it('decodes as forms are encoded', async () => {
    expect(await read('resourceType=a+b%20c%2B%26%3D%C3%A9=')).toMatchObject({ resourceType: 'a b c+&=é=' })
  })

  it.each([
    'sort=name',
    'page=2',
    'access_token=secret',
    'filter[tag]=a',
    '_limit2=3',
    '%E9=x',
    '__proto__=x',
  ])('refuses %s by name, and says what there is, never the value', async (query) => {
    const issues = await read(query)
    expect(issues).toEqual([{ field: query.split('=')[0], message: expect.any(String) }])
    expect(JSON.stringify(issues)).toContain('limit, resourceType, expand[]')
    expect(JSON.stringify(issues)).not.toContain('secret')
  })

  it('asks whether a misspelt name was meant to be one that there is', async () => {
    for (const [name, meant] of [
      ['limt', 'limit'],
      ['lmiit', 'limit'],
      ['resourcesType', 'resourceType'],
      ['resuorce_tpe', 'resourceType'],
    ])
      expect(await read(`${name}=1`)).toEqual([
        { field: name, message: expect.stringMatching(`did you mean ${meant}\\?$`) },
      ])
  })

  it('passes over what browsers, caches and newsletters add', async () => {
    expect(await read('_=1&_t=2&_ts=3&_dc=4&utm_source=a&utm_campaign=b&gclid=c&fbclid=d&limit=5')).toEqual({
      limit: '5',
      expand: [],
    })
  })

  it('refuses what is no UTF-8', async () => {
    for (const value of ['%', '%zz', 'caf%E9', '%E0%A4%A'])
      expect(await read(`resourceType=${value}`)).toEqual([
        { field: 'resourceType', message: expect.stringContaining('UTF-8') },
      ])
  })

  it('names few of many, and each cut', async () => {
    const issues = await read(Array.from({ length: 50 }, (_, at) => `${'x'.repeat(500)}${at}=1`).join('&'))
    expect(issues).toHaveLength(5)
    expect(JSON.stringify(issues).length).toBeLessThan(1500)
  })
})
