// The words of the language. The lexer reads bytes (the text is known to be UTF-8 before it gets
// here), so every position it gives is a byte offset. Line ends are tokens: whether one ends a
// statement or only wraps a formula is decided in intent/syntax/statements.cpp, which can look ahead.
lexer grammar NemoLexer;

// Verbs, then clauses, then operators and values that are words: intent/syntax/tokens.h tests ranges.
REQUIRE : 'require' ;
PREFER : 'prefer' ;
DENY : 'deny' ;
MINIMIZE : 'minimize' ;
MAXIMIZE : 'maximize' ;
WHEN : 'when' ;
OVER : 'over' ;
FOR : 'for' ;
WEIGHT : 'weight' ;
WHERE : 'where' ;
ELSE : 'else' ;
AND : 'and' ;
OR : 'or' ;
NOT : 'not' ;
IN : 'in' ;
TRUE : 'true' ;
FALSE : 'false' ;

LBRACE : '{' ;
RBRACE : '}' ;
LPAREN : '(' ;
RPAREN : ')' ;
LBRACK : '[' ;
RBRACK : ']' ;
RANGE : '..' ;
DOT : '.' ;
COMMA : ',' ;
ASSIGN : '=' ;
LE : '<=' ;
GE : '>=' ;
EQ : '==' ;
NE : '!=' ;
LT : '<' ;
GT : '>' ;
PLUS : '+' ;
MINUS : '-' ;
STAR : '*' ;
SLASH : '/' ;

NUMBER : DIGIT+ ('.' DIGIT+)? ([eE] [+-]? DIGIT+)? ;
QUANTITY : DIGIT+ ('.' DIGIT+)? ('%' | UNIT ('/' UNIT)*) ;
// A name may hold '-', but not end in one: "a- b" subtracts.
ID : LETTER ((LETTER | DIGIT | '-')* (LETTER | DIGIT))? ;
STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;
OPEN_STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '\\'? ;

LINE_END : '\r'? '\n' ;
SEMICOLON : ';' ;
SPACE : [ \t]+ -> skip ;
COMMENT : '#' ~[\r\n]* ;
// Whatever else there is becomes a token, so that lexing never fails.
STRANGE : [\u0080-\u00FF]+ | . ;

fragment UNIT : LETTER (LETTER | DIGIT)* ;
fragment LETTER : [a-zA-Z_] ;
fragment DIGIT : [0-9] ;
