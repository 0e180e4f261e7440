# Turns a text file into a C byte array, declared in HEADER:
#   cmake -DIN=page.js -DOUT=asset_page_js.c -DNAME=exm_asset_page_js
#     -DHEADER=report/report_assets.h -P embed.cmake
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "#include \"${HEADER}\"\nconst unsigned char ${NAME}[] = {\n${bytes}0x00};\n")
