// @better-upload/server on Hono: POST /api/upload. It has no database.
import { createServer } from 'node:http'
import { handleRequest, route } from '@better-upload/server'
import { custom } from '@better-upload/server/clients'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { serve } from './serve.mjs'
import { bucket, credentials, endpoint, region } from './store.mjs'

const client = custom({
  host: new URL(endpoint).host,
  ...credentials,
  region,
  secure: false,
  forcePathStyle: true,
})
const routes = { files: route({ maxFileSize: 50 * 1024 ** 2, signedUrlExpiresIn: 3600 }) }
const app = new Hono()
app.post('/api/upload', (c) => handleRequest(c.req.raw, { client, bucketName: bucket, routes }))
serve(createServer(getRequestListener(app.fetch)))
