// Reads a request's body into a transaction, by the processor that its Content-Type or a rule names.

import { readJson } from '../bodies/json-arguments.ts';
import { MultipartBody } from '../bodies/strict-multipart.ts';
import { readArguments } from '../bodies/urlencoded.ts';
import { XmlDocument } from '../bodies/xml-document.ts';
import { Pairs } from '../variables/pairs.ts';
import type { Transaction } from './transaction.ts';

/** Parts of a multipart body, and nesting of XML, at most. */
const maxParts = 2000;
const maxXmlDepth = 256;

/** Chooses how the body will be read by its Content-Type: forms and multipart by themselves, the rest where a rule says so. */
export function chooseProcessor(transaction: Transaction): void {
  const type = (transaction.headers.get('content-type') ?? '').trimStart().toLowerCase();
  if (type.startsWith('application/x-www-form-urlencoded')) transaction.bodyProcessor = 'URLENCODED';
  else if (type.startsWith('multipart/form-data')) transaction.bodyProcessor = 'MULTIPART';
}

/** Reads the body, `text` being its bytes and `isCut` whether there was more of it. Never throws. */
export function readBody(transaction: Transaction, text: string, length: number, isCut: boolean): void {
  transaction.bodyBytes = length;
  transaction.inboundError = isCut;
  if (!transaction.requestBodyAccess) return;
  // Because a rule that nobody asked for a processor would otherwise see nothing of the body at all.
  if (transaction.forcesBody || transaction.bodyProcessor === 'URLENCODED') transaction.body = text;
  if (text === '') return;
  if (transaction.bodyProcessor !== 'MULTIPART' && isTooLong(transaction, length)) return;
  const posted = new Pairs();
  const sink = (name: string, value: string): boolean => transaction.addArgument(posted, name, value);
  if (transaction.bodyProcessor === 'URLENCODED') readForm(transaction, text, sink);
  else if (transaction.bodyProcessor === 'JSON')
    fail(transaction, readJson(text, transaction.settings.jsonDepthLimit, sink));
  else if (transaction.bodyProcessor === 'MULTIPART') readMultipart(transaction, text, sink);
  else if (transaction.bodyProcessor === 'XML') {
    const document = new XmlDocument(text, maxXmlDepth);
    transaction.xml = document;
    fail(transaction, document.fault);
  }
  if (posted.count === 0) return;
  transaction.argsPost = posted;
  const { argsGet } = transaction;
  transaction.args =
    argsGet.count === 0
      ? posted
      : new Pairs([...argsGet.names, ...posted.names], [...argsGet.values, ...posted.values]);
}

type Sink = (name: string, value: string) => boolean;

function readForm(transaction: Transaction, text: string, sink: Sink): void {
  if (readArguments(text, transaction.settings.argumentSeparator, sink)) transaction.urlEncodedError = true;
}

function readMultipart(transaction: Transaction, text: string, sink: Sink): void {
  const limits = { maxParts, maxFiles: transaction.settings.uploadFileLimit };
  const body = MultipartBody.read(text, transaction.headers.get('content-type') ?? '', limits, sink);
  transaction.multipart = body;
  fail(transaction, body.fault);
  isTooLong(transaction, transaction.bodyBytes - body.combinedSize);
}

/** SecRequestBodyNoFilesLimit: what is longer without its files is told by REQBODY_ERROR. */
function isTooLong(transaction: Transaction, length: number): boolean {
  const { requestBodyNoFilesLimit } = transaction.settings;
  if (length <= requestBodyNoFilesLimit) return false;
  transaction.bodyError ||= `the body has ${length} bytes without its files, more than ${requestBodyNoFilesLimit}`;
  return true;
}

function fail(transaction: Transaction, fault: string): void {
  if (fault === '') return;
  transaction.bodyProcessorError = fault;
  transaction.bodyError ||= `${transaction.bodyProcessor} parsing error: ${fault}`;
}
