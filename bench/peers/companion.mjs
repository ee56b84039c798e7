// @uppy/companion as its own server, with its defaults: GET /s3/params.
import { createServer } from 'node:http'
import process from 'node:process'
import { serve } from './serve.mjs'
import { bucket, credentials, endpoint, region } from './store.mjs'

Object.assign(process.env, {
  NODE_ENV: 'production',
  COMPANION_DATADIR: process.env.FOLDER,
  COMPANION_SECRET: 'secret-of-companion-for-the-bench',
  COMPANION_PREAUTH_SECRET: 'another-secret-of-companion-for-the-bench',
  COMPANION_DOMAIN: '127.0.0.1',
  COMPANION_PROTOCOL: 'http',
  COMPANION_CLIENT_ORIGINS: 'true',
  COMPANION_UPLOAD_URLS: endpoint,
  COMPANION_AWS_KEY: credentials.accessKeyId,
  COMPANION_AWS_SECRET: credentials.secretAccessKey,
  COMPANION_AWS_BUCKET: bucket,
  COMPANION_AWS_REGION: region,
  COMPANION_AWS_ENDPOINT: endpoint,
  COMPANION_AWS_FORCE_PATH_STYLE: 'true',
})
// It reads its environment when it is loaded.
const { default: standalone } = await import('@uppy/companion/standalone')
serve(createServer(standalone().app))
