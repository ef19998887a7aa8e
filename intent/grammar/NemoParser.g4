// The language, whole. `file` is its definition; what runs on every file is `value` and `formula`,
// one statement at a time (intent/syntax/statements.cpp frames the statements), so that a fault ends
// with its statement and a tree lives no longer than it takes to copy it.
//
// Line ends inside () and [] are dropped before tokens arrive here.
parser grammar NemoParser;
options { tokenVocab = NemoLexer; }

file : separator* (statement (separator+ statement)*)? separator* EOF ;
separator : LINE_END | SEMICOLON ;
statement : attribute | block | rule_ ;
attribute : key ASSIGN expr ;
// Without a body only `import` and `use`; the statement reader knows them by name.
block : name label* body | ID label+ ;
body : LBRACE separator* (statement (separator+ statement)*)? separator* RBRACE ;
rule_ : verb expr clause* ;

// What the statement reader asks for.
value : expr EOF ;
formula : expr clause* EOF ;

key : name | STRING ;
name : ID | word ;
label : ID | STRING ;
verb : REQUIRE | PREFER | DENY | MINIMIZE | MAXIMIZE | WHEN ;
clause : (OVER | FOR | WEIGHT | WHERE | ELSE) expr ;

// Tightest first. Comparisons do not chain; the tree builder says so with the place of the second.
expr
  : MINUS expr
  | expr (STAR | SLASH) expr
  | expr (PLUS | MINUS) expr
  | expr RANGE expr
  | expr (LE | GE | LT | GT | EQ | NE | IN | NOT IN) expr
  | NOT expr
  | expr AND expr
  | expr OR expr
  | (QUANTITY | NUMBER | STRING | TRUE | FALSE)
  | reference
  | list
  | LPAREN expr RPAREN
  ;
reference : ID (DOT part)* (LPAREN (expr (COMMA expr)* COMMA?)? RPAREN)? ;
part : ID | STRING | word ;
list : LBRACK (expr (COMMA expr)* COMMA?)? RBRACK ;

// Every word of the language is an ordinary name before '=' and '{' and after '.'.
word
  : verb | OVER | FOR | WEIGHT | WHERE | ELSE | AND | OR | NOT | IN | TRUE | FALSE
  ;
