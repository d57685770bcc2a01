/** Languages offered when writing; the reader's own is always among them. */
export const languages =
	'ar bg bn ca cs cy da de el en eo es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka kk ko lt lv mk ms nl no pl pt ro ru sk sl sq sr sv ta te th tr uk ur vi yue zh'.split(' ');
