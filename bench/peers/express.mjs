// What is written by hand: Express, the AWS SDK's presigner, and one row of SQLite for each upload. POST /presign.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import Database from 'better-sqlite3'
import express from 'express'
import { serve } from './serve.mjs'
import { bucket, credentials, endpoint, region } from './store.mjs'

const database = new Database(join(process.env.FOLDER, 'files.sqlite'))
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE files (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, filename TEXT NOT NULL, content_type TEXT NOT NULL,
    size INTEGER NOT NULL, created_at TEXT NOT NULL)`)
const insert = database.prepare(
  'INSERT INTO files (key, filename, content_type, size, created_at) VALUES (?, ?, ?, ?, ?)',
)
const s3 = new S3Client({ region, endpoint, credentials, forcePathStyle: true })
const token = 'Bearer token-of-the-bench'

const app = express()
app.use((request, response, next) => {
  if (request.headers.authorization === token) next()
  else response.status(401).json({ error: 'unauthorized' })
})
app.post('/presign', express.json(), async (request, response) => {
  const { filename, contentType, size } = request.body
  if (typeof filename !== 'string' || typeof contentType !== 'string' || !Number.isInteger(size))
    return response.status(400).json({ error: 'invalid' })
  const key = `uploads/${randomUUID()}`
  const url = await getSignedUrl(
    s3,
    new PutObjectCommand({ Bucket: bucket, Key: key, ContentType: contentType, ContentLength: size }),
    { expiresIn: 3600, signableHeaders: new Set(['content-type', 'content-length', 'host']) },
  )
  insert.run(key, filename, contentType, size, new Date().toISOString())
  response.status(201).json({ url, key })
})
serve(createServer(app))
