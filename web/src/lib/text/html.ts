/**
 * Server HTML becomes nodes through an allow-list: what is not known to be
 * harmless is unwrapped to its text or dropped. The parsed document is inert
 * (no scripts run, no images load), and nothing of it is moved into the page:
 * every node is made anew.
 */

import type { CustomEmoji, Mention } from '../api/entities';

export interface Rendering {
	emojis?: readonly CustomEmoji[];
	/** Links to these people open inside the app. */
	mentions?: readonly Mention[];
	tags?: readonly { name: string; url: string }[];
}

const KEPT = new Set(
	'P BR SPAN A STRONG B EM I U S DEL INS CODE PRE BLOCKQUOTE UL OL LI H1 H2 H3 H4 H5 H6 SMALL SUB SUP RUBY RT RP Q ABBR CITE'.split(' '),
);
/** Dropped with everything inside. */
const DROPPED = new Set(
	'SCRIPT STYLE TEMPLATE IFRAME OBJECT EMBED SVG MATH NOSCRIPT TEXTAREA SELECT BUTTON FORM INPUT HEAD TITLE LINK META AUDIO VIDEO CANVAS'.split(' '),
);
/** A heading inside a post must not upset the page's outline. */
const RENAMED: Record<string, string> = { H1: 'strong', H2: 'strong', H3: 'strong', H4: 'strong', H5: 'strong', H6: 'strong' };
const CLASSES = new Set(['mention', 'hashtag', 'invisible', 'ellipsis', 'h-card', 'u-url', 'quote-inline']);

export function safeNodes(html: string, rendering: Rendering = {}): DocumentFragment {
	const source = new DOMParser().parseFromString(html, 'text/html');
	const fragment = document.createDocumentFragment();
	copyChildren(source.body, fragment, rendering, 0);
	markTagLine(fragment);
	return fragment;
}

/** The text alone, for labels and previews. */
export function plainText(html: string): string {
	const source = new DOMParser().parseFromString(html.replace(/<br\s*\/?>|<\/p>/gi, '$& '), 'text/html');
	for (const dropped of source.querySelectorAll('script, style, template')) dropped.remove();
	return (source.body.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** A name or title: text with custom emoji, no markup. */
export function emojiNodes(text: string, emojis: readonly CustomEmoji[] = []): DocumentFragment {
	const fragment = document.createDocumentFragment();
	appendText(text, fragment, emojis);
	return fragment;
}

function copyChildren(from: Node, to: Node, rendering: Rendering, depth: number): void {
	for (const node of from.childNodes) {
		if (node.nodeType === Node.TEXT_NODE) appendText(node.nodeValue ?? '', to, rendering.emojis ?? []);
		else if (node instanceof Element || node.nodeType === Node.ELEMENT_NODE) copyElement(node as Element, to, rendering, depth);
	}
}

function copyElement(element: Element, to: Node, rendering: Rendering, depth: number): void {
	const tag = element.tagName.toUpperCase();
	if (DROPPED.has(tag) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') return;
	if (!KEPT.has(tag) || depth > 60) return copyChildren(element, to, rendering, Math.min(depth, 60));
	const made = tag === 'A' ? makeLink(element, rendering) : document.createElement(RENAMED[tag] ?? tag);
	const classes = [...element.classList].filter((name) => CLASSES.has(name));
	if (classes.length) made.className = classes.join(' ');
	const lang = element.getAttribute('lang');
	if (lang && /^[\w-]{2,35}$/.test(lang)) made.lang = lang;
	copyChildren(element, made, rendering, depth + 1);
	to.appendChild(made);
}

function makeLink(element: Element, rendering: Rendering): HTMLElement {
	const url = webAddress(element.getAttribute('href'));
	if (!url) return document.createElement('span');
	const link = document.createElement('a');
	const inside = insideApp(url, element, rendering);
	if (inside) {
		link.href = inside;
		return link;
	}
	link.href = url.href;
	link.target = '_blank';
	link.rel = 'nofollow noopener noreferrer';
	link.translate = false;
	return link;
}

function webAddress(href: string | null): URL | null {
	try {
		const url = new URL(href ?? '', location.origin);
		return href && (url.protocol === 'https:' || url.protocol === 'http:') ? url : null;
	} catch {
		return null;
	}
}

/** Where a mention or hashtag leads in this app, whatever server its link names. */
function insideApp(url: URL, element: Element, { mentions = [], tags = [] }: Rendering): string | null {
	const mention = mentions.find((m) => sameAddress(m.url, url));
	if (mention) return `/@${mention.acct}`;
	const known = tags.find((tag) => sameAddress(tag.url, url));
	if (known) return `/tags/${encodeURIComponent(known.name)}`;
	const text = (element.textContent ?? '').trim();
	if (element.classList.contains('hashtag') || element.getAttribute('rel')?.split(/\s+/).includes('tag')) {
		const name = /^[#＃]([\p{L}\p{N}\p{M}_·・]+)$/u.exec(text)?.[1];
		if (name) return `/tags/${encodeURIComponent(name)}`;
	}
	return null;
}

function sameAddress(a: string, b: URL): boolean {
	return a === b.href || a.replace(/\/$/, '').toLowerCase() === b.href.replace(/\/$/, '').toLowerCase();
}

function appendText(text: string, to: Node, emojis: readonly CustomEmoji[]): void {
	if (!emojis.length || !text.includes(':')) return void to.appendChild(document.createTextNode(text));
	let done = 0;
	for (const match of text.matchAll(/:([A-Za-z0-9_]{2,2048}):/g)) {
		const emoji = emojis.find((e) => e.shortcode === match[1]);
		if (!emoji || match.index < done || !/^(https?:|\/(?!\/))/.test(emoji.url)) continue;
		if (match.index > done) to.appendChild(document.createTextNode(text.slice(done, match.index)));
		to.appendChild(emojiImage(emoji));
		done = match.index + match[0].length;
	}
	if (done < text.length) to.appendChild(document.createTextNode(text.slice(done)));
}

function emojiImage(emoji: CustomEmoji): HTMLImageElement {
	const image = document.createElement('img');
	image.className = 'emoji';
	image.alt = image.title = `:${emoji.shortcode}:`;
	image.src = calm() ? emoji.static_url || emoji.url : emoji.url;
	image.loading = 'lazy';
	image.draggable = false;
	return image;
}

const calm = () => typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A last paragraph of nothing but hashtags is set apart from the text. */
function markTagLine(fragment: DocumentFragment): void {
	const last = fragment.lastElementChild;
	if (!last || last.tagName !== 'P' || fragment.childElementCount < 2) return;
	const onlyTags = [...last.childNodes].every((node) =>
		node.nodeType === Node.TEXT_NODE ? !node.nodeValue?.trim() : (node as Element).matches('a[href^="/tags/"], br'),
	);
	if (onlyTags && last.querySelector('a')) last.className = 'tag-line';
}
