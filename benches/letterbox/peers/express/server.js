// What a site would run instead, as the documentation of each part has it.
//
//   node server.js contact WORKERS             GET /contact: a form, rendered by EJS
//   node server.js letters WORKERS MONGODB     POST /contact: a letter, journaled by MongoDB before the answer

'use strict';

const cluster = require('node:cluster');
const crypto = require('node:crypto');
const path = require('node:path');
const express = require('express');
const morgan = require('morgan');

const [kind, workers, database] = process.argv.slice(2);

function contact(app) {
  app.set('view engine', 'ejs');
  app.set('views', path.join(__dirname, 'views'));
  app.get('/contact', (request, response) => {
    response.render('contact', {
      site: 'Letterbox',
      intro: 'A question, an idea or just a kind word? Write it here, and an answer will come to you by email.',
      receipt: crypto.randomBytes(32).toString('base64url'),
      letter: { name: '', email: '', subject: '', message: '' },
      errors: [],
    });
  });
}

async function letters(app) {
  const mongoose = require('mongoose');
  const text = { type: String, required: true };
  const schema = new mongoose.Schema({
    name: { ...text, maxlength: 100 },
    email: { ...text, maxlength: 254 },
    subject: { type: String, maxlength: 200 },
    message: { ...text, maxlength: 10000 },
    receivedAt: { type: Date, default: Date.now, index: true },
  });
  const Letter = mongoose.model('Letter', schema);
  await mongoose.connect(database, { writeConcern: { w: 1, j: true } });
  await Letter.init();
  app.use(express.urlencoded({ extended: false }));
  app.post('/contact', async (request, response) => {
    const { name, email, subject, message } = request.body;
    await Letter.create({ name, email, subject, message });
    response.redirect(303, '/contact/thanks');
  });
}

async function serve() {
  const app = express();
  // A line for each request, as with Letterbox.
  app.use(morgan('combined', { stream: process.stderr }));
  await (kind === 'contact' ? contact(app) : letters(app));
  app.listen(0, '127.0.0.1');
}

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on('listening', (worker, address) => {
    listening += 1;
    if (listening === Number(workers)) console.log(`Express is at http://127.0.0.1:${address.port}/`);
  });
  for (let worker = 0; worker < Number(workers); worker += 1) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else {
  serve();
}
