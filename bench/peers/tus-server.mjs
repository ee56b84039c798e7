// The reference server of tus for Node, with its file store. POST /tus.
import { createServer } from 'node:http'
import process from 'node:process'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import { serve } from './serve.mjs'

const tus = new Server({ path: '/tus', datastore: new FileStore({ directory: process.env.FOLDER }) })
serve(createServer((request, response) => tus.handle(request, response)))
